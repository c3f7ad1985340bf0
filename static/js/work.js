// The proof of work of the signing form, in the format of ALTCHA: it begins when the form is first touched and is
// done long before most people press the button. If anything fails, the form goes off without it and is taken too.

const box = document.querySelector("[data-challenge]");
const form = box?.closest("form");
const field = box?.querySelector("[name=proof]");
const status = box?.querySelector("[role=status]");
const button = form?.querySelector("button[type=submit]");
const GOOD_FOR = 15 * 60_000; // the server takes it five minutes longer
const PATIENCE = 30_000;

let working = null; // the promise of a proof
let madeAt = -Infinity;
let mayGo = false;
let tries = 3; // where the server gives no challenge, it is not asked with every key


async function work() {
  const answer = await fetch(box.dataset.challenge, { cache: "no-store", credentials: "omit" });
  if (!answer.ok) throw new Error(answer.status);
  const fetchedAt = performance.now();
  const challenge = await answer.json();
  const worker = new Worker(box.dataset.worker);
  try {
    const number = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => (data === null ? reject(new Error("unsolved")) : resolve(data));
      worker.onerror = reject;
      worker.postMessage(challenge);
    });
    const { algorithm, challenge: digest, salt, signature } = challenge;
    field.value = btoa(JSON.stringify({ algorithm, challenge: digest, number, salt, signature }));
    madeAt = fetchedAt;
  } finally {
    worker.terminate();
  }
}

const isGood = () => field.value !== "" && performance.now() - madeAt < GOOD_FOR;

function begin() {
  if (!working && !isGood() && tries > 0) {
    field.value = "";
    working = work()
      .catch(() => tries--)
      .finally(() => (working = null));
  }
  return working;
}

for (const event of ["focusin", "input", "pointerdown"]) form?.addEventListener(event, begin);

form?.addEventListener("submit", async (event) => {
  if (mayGo || isGood()) return;
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  status.textContent = status.dataset.wait;
  await Promise.race([begin(), new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  await new Promise((resolve) => setTimeout(resolve)); // within the event itself no form can be sent
  status.textContent = status.dataset.go;
  mayGo = true;
  if (form.requestSubmit) form.requestSubmit(button);
  else form.submit();
});

// Back from the next page: the proof was used up.
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted || !form) return;
  field.value = "";
  mayGo = false;
  button.removeAttribute("aria-disabled");
  status.textContent = "";
});
