// Extras of the pages on which campaigns are written; without this script a button shows how a text looks.

// What somebody types in Markdown, shown beside it a moment later.
for (const place of document.querySelectorAll("[data-preview-of]")) {
  const field = document.getElementById(place.dataset.previewOf);
  const shown = place.querySelector("[data-preview]");
  const csrf = field?.form?.elements.namedItem("csrf");
  if (!field || !shown || !csrf) continue;
  let timer;
  let asking;
  const ask = async () => {
    asking?.abort();
    const mine = (asking = new AbortController());
    place.hidden = !field.value.trim();
    if (place.hidden) return;
    try {
      const answer = await fetch(place.dataset.previewUrl, {
        method: "POST",
        body: new URLSearchParams({ csrf: csrf.value, text: field.value }),
        redirect: "error",
        signal: mine.signal,
      });
      // An answer that is no fragment (logged out, too long) leaves what was shown.
      if (answer.ok) shown.innerHTML = await answer.text();
    } catch {
      // Offline, or overtaken by the next letter.
    }
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 300);
  };
  field.addEventListener("input", later);
  later();
}

// What goes on by itself is looked at again every few seconds, until it has ended.
for (const place of document.querySelectorAll("[data-renewed]")) {
  const timer = setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(place.dataset.renewed, {
        headers: { "X-Refresh": "1" },
        redirect: "error",
      });
      if (!answer.ok) {
        clearInterval(timer); // logged out, or it is gone
        return;
      }
      const fragment = await answer.text();
      if (!fragment.includes("data-goes-on")) {
        clearInterval(timer);
        place.setAttribute("role", "status"); // the end is said aloud, the steps before are not
        for (const part of document.querySelectorAll("[data-until-ended]")) {
          if (part.contains(document.activeElement)) place.focus();
          part.remove();
        }
      }
      place.innerHTML = fragment;
    } catch {
      // Offline, or logged out: the link stays.
    }
  }, 3000);
}

// Leaving with words that were not saved: the browser asks.
for (const form of document.querySelectorAll("form[data-unsaved]")) {
  let unsaved = document.querySelector(".conflict, #errors") !== null;
  form.addEventListener("input", () => {
    unsaved = true;
  });
  form.addEventListener("submit", () => {
    unsaved = false;
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
}
