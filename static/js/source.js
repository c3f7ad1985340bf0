// Where the page was found, for the count of sources: the name in the link, or the host of the site before. It goes
// along with the form and is counted there; nothing is kept in this browser. See docs/privacy.md.

const asked = new URLSearchParams(location.search);
const named = ["utm_source", "utm_campaign"].map((name) => (asked.get(name) ?? "").slice(0, 80));

const field = document.querySelector('.card input[name="source"]');
if (field && !field.value) {
  if (named[0]) {
    field.value = named.filter(Boolean).join("/");
  } else {
    try {
      const before = new URL(document.referrer);
      if (before.host !== location.host) field.value = before.hostname;
    } catch {
      // No page before, or none that the browser tells.
    }
  }
}

// Another language is the same visit: its links keep the name.
if (named[0]) {
  for (const link of document.querySelectorAll("a[hreflang]")) {
    const url = new URL(link.href);
    if (url.origin !== location.origin || url.pathname !== location.pathname) continue;
    url.searchParams.set("utm_source", named[0]);
    if (named[1]) url.searchParams.set("utm_campaign", named[1]);
    link.href = url;
  }
}
