// Figures that renew themselves every ten seconds, as long as somebody looks at them; without this script a link
// does it. It asks as what it is (X-Refresh), so that it keeps nobody logged in.

const EVERY = 10_000;

for (const part of document.querySelectorAll("[data-renewed]")) {
  const place = part.querySelector("[data-place]");
  const status = part.querySelector("[data-status]");
  const button = part.querySelector("[data-pause]");
  let timer;
  let paused = false;
  let over = false;

  const later = () => {
    clearTimeout(timer);
    if (!paused && !over && !document.hidden) timer = setTimeout(renew, EVERY);
  };

  const stop = () => {
    over = true;
    button.hidden = true;
    status.setAttribute("role", "status");
    status.textContent = part.dataset.stopped;
  };

  const renew = async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch(part.dataset.renewed, { headers: { "X-Refresh": "1" }, redirect: "manual" });
      // Logged out, or the role is gone: what stands here stays, and says that it is old.
      if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) return stop();
      if (answer.ok && !paused) put(await answer.text());
    } catch {
      // Offline: the next turn asks again.
    }
    later();
  };

  const put = (html) => {
    // Tables that somebody opened stay open, and the focus where it is.
    const opened = [...place.querySelectorAll("details[open]")].map((details) => details.dataset.keep);
    const focused = place.contains(document.activeElement) && document.activeElement.closest("details")?.dataset.keep;
    place.innerHTML = html;
    for (const details of place.querySelectorAll("details")) {
      details.open = opened.includes(details.dataset.keep);
      if (focused && details.dataset.keep === focused) details.querySelector("summary").focus({ preventScroll: true });
    }
    // Said to the eye alone: every ten seconds would be too much for who listens.
    status.textContent = place.firstElementChild.dataset.moment;
  };

  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    if (paused) later();
    else renew();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || paused || over) clearTimeout(timer);
    else renew();
  });
  later();
}
