/* A refusal, put into words beside what caused it. */

const ADVICE = {
  0: "",
  401: "This service asks for an API key, which pages do not have. Its operator can help.",
  404: "Reload the page; what it offers has changed.",
  413: "Choose a smaller picture, or reduce this one first.",
  415: "Save it as JPEG, PNG, WebP or TIFF, then try again.",
  422: "",
  429: "Wait a moment, then try again.",
  500: "Nothing was lost. Try again; if it goes on, tell the service's operator.",
  503: "Many pictures are waiting just now. Nothing was lost.",
};

/** Field of the form a refusal is about: `image`, `model` … or `request` where it names none. */
export function placeOf(refusal) {
  const pointer = refusal.errors[0]?.pointer ?? "";
  const name = pointer.split("/").filter(Boolean)[0];
  if (name) return name;
  return refusal.status === 413 || refusal.status === 415 ? "image" : "request";
}

/** Say a refusal in the slot for its place (or `fallback`), with a way to try again where that can help. */
export function tell(refusal, { slots, fallback, retry }) {
  const slot = slots.get(placeOf(refusal)) ?? slots.get(fallback);
  const detail = refusal.errors[0]?.detail ?? refusal.message;
  const strong = document.createElement("strong");
  strong.textContent = refusal.title;
  const text = document.createElement("span");
  text.textContent = [sentence(detail), ADVICE[refusal.status] ?? ""].filter(Boolean).join(" ");
  slot.replaceChildren(strong, text);
  if (retry && [0, 429, 500, 503].includes(refusal.status)) slot.append(retryButton(refusal.retryAfter, retry));
  slot.hidden = false;
}

/** Empty every slot. */
export function clear(slots) {
  for (const slot of slots.values()) {
    slot.hidden = true;
    slot.replaceChildren();
  }
}

/** The slots of a page by the name of their field. */
export function slotsIn(root) {
  return new Map([...root.querySelectorAll("[data-problem]")].map((slot) => [slot.dataset.problem, slot]));
}

function retryButton(seconds, retry) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "Try again";
  button.addEventListener("click", retry);
  if (seconds) {
    button.disabled = true;
    setTimeout(() => { button.disabled = false; }, seconds * 1000);
  }
  return button;
}

function sentence(text) {
  const trimmed = String(text).trim();
  if (!trimmed) return "";
  const capital = trimmed[0].toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
