/* The card of one place: the network's own likely colours, any other, how far it reaches. */

import { isWeakened, lightness, nameOf } from "../colours.js";
import { byId, element } from "../dom.js";
import { percent } from "../words.js";

const GAP = 20; // pixels between the place and the card
const EDGE = 12; // pixels between the card and the window
const SHEET = "(max-width: 40rem)"; // there the card is a sheet at the bottom (css/steer/card.css)

export class Card {
  /** `likely(place, id, signal)` resolves to [{color, share}]; `choose(color, key)`, `reach(radius)`, `remove()`, `resized()`, `closed()` are told. */
  constructor({ likely, choose, reach, remove, resized, closed }) {
    this.likely = likely;
    this.closed = closed;
    this.card = byId("hint-card");
    this.swatches = byId("hint-swatches");
    this.color = byId("hint-color");
    this.radius = byId("hint-radius");
    this.asking = null;
    this.opener = null;
    this.color.addEventListener("input", () => choose(this.color.value, "colour"));
    this.radius.addEventListener("input", () => reach(Number(this.radius.value)));
    this.swatches.addEventListener("click", (event) => {
      const swatch = event.target.closest("button");
      if (swatch) choose(swatch.dataset.color, null);
    });
    byId("hint-remove").addEventListener("click", remove);
    for (const id of ["hint-done", "hint-close"]) byId(id).addEventListener("click", () => this.close());
    document.addEventListener("pointerdown", (event) => {
      const kept = "#hint-card, #hint-layer, #hint-list, #steer";
      if (this.isOpen && !event.target.closest?.(kept)) this.close({ quietly: true });
    });
    new ResizeObserver(() => this.isOpen && resized()).observe(this.card);
    this.card.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
  }

  get isOpen() {
    return !this.card.hidden;
  }

  /** Open beside a point of the window; focus goes back to `opener` when it closes. */
  open(opener) {
    this.opener = opener;
    this.card.hidden = false;
    this.card.focus({ preventScroll: true });
  }

  /** Put the card beside a point of the window, or, where it is a sheet, bring the point out from under it. */
  beside({ x, y }) {
    const { width, height } = this.card.getBoundingClientRect();
    if (matchMedia(SHEET).matches) {
      const hidden = y + 2 * GAP - (innerHeight - height);
      if (hidden > 0) scrollBy({ top: hidden, behavior: "instant" });
      return;
    }
    const fits = x + GAP + width + EDGE <= document.documentElement.clientWidth;
    const left = fits ? x + GAP : Math.max(EDGE, x - GAP - width);
    const top = Math.min(Math.max(EDGE, y - height / 3), Math.max(EDGE, innerHeight - height - EDGE));
    this.card.style.setProperty("--left", `${left + scrollX}px`);
    this.card.style.setProperty("--top", `${top + scrollY}px`);
  }

  /** What the card is about: a hint with its number, or a place that has none yet. */
  show(hint, number, shown) {
    const chosen = number > 0;
    byId("hint-title").textContent = chosen ? `Colour hint ${number}` : "New colour hint";
    byId("hint-remove").hidden = !chosen;
    this.color.value = chosen ? hint.color : "#808080";
    byId("hint-color-name").textContent = chosen ? nameOf(hint.color) : "";
    this.radius.value = String(hint.radius);
    this.radius.style.setProperty("--fill", String(this.radius.value / this.radius.max));
    byId("hint-radius-text").textContent = percent(hint.radius);
    this.radius.setAttribute("aria-valuetext", `${percent(hint.radius)} of the shorter side`);
    this.mark(chosen ? hint.color : null);
    const other = byId("hint-shown");
    other.hidden = !shown;
    if (!shown) return;
    byId("hint-shown-swatch").style.setProperty("--hint", shown);
    byId("hint-shown-text").textContent = `${why(hint.color, shown)} ${nameOf(shown)}, ${shown}.`;
  }

  /** Ask the network for its own colours at a place; an answer that comes too late is dropped. */
  async suggest(place, id) {
    this.asking?.abort();
    const mine = new AbortController();
    this.asking = mine;
    this.swatches.setAttribute("aria-busy", "true");
    byId("hint-likely").textContent = "Asking the network…";
    try {
      const colors = await this.likely(place, id, mine.signal);
      if (this.asking !== mine) return;
      this.swatches.replaceChildren(...colors.map(swatch));
      byId("hint-likely").textContent =
        colors.length > 1 ? "What the network thinks likely here" : "Only one colour comes into question here";
      this.mark(this.chosen);
    } catch (error) {
      if (this.asking !== mine || error.name === "AbortError") return;
      this.swatches.replaceChildren();
      byId("hint-likely").textContent = `The network's own colours could not be had. ${error.message}`;
    }
    this.swatches.removeAttribute("aria-busy");
  }

  close({ quietly = false } = {}) {
    if (!this.isOpen) return;
    this.asking?.abort();
    this.asking = null;
    this.card.hidden = true;
    this.swatches.replaceChildren();
    const within = this.card.contains(document.activeElement) || document.activeElement === document.body;
    if (!quietly && within) this.opener?.();
    this.closed();
  }

  mark(color) {
    this.chosen = color;
    for (const button of this.swatches.children) {
      button.setAttribute("aria-pressed", String(button.dataset.color === color));
    }
  }
}

function why(color, shown) {
  if (!isWeakened(color, shown)) return "Light and shade stay as they are. Here it looks like this:";
  const level = lightness(shown) < lightness(color) ? "dark" : "light";
  return `This place is too ${level} for so strong a colour. The nearest is used:`;
}

function swatch({ color, share }) {
  const name = nameOf(color);
  const label = `${name}, ${color}, ${percent(share)} likely`;
  const button = element("button", { type: "button", class: "swatch", "aria-pressed": "false", "aria-label": label, title: name });
  button.dataset.color = color;
  button.style.setProperty("--hint", color);
  button.append(element("span", { class: "swatch-share", "aria-hidden": "true" }, percent(share)));
  return button;
}
