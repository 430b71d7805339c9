/* The hints as a list: what cannot be seen on the picture can be read, edited, moved and removed here. */

import { isWeakened, nameOf } from "../colours.js";
import { byId, element } from "../dom.js";
import { percent } from "../words.js";
import { arrowStep } from "./surface.js";

const MOST_SHOWN = 60; // more would be no list to look through; the rest is counted

export class List {
  /** `open(hint, opener)`, `nudge(id, step)` and `remove(id)` are told what is done. */
  constructor({ open, nudge, remove }) {
    this.list = byId("hint-list");
    this.hints = [];
    const hintOf = (event) => {
      const id = Number(event.target.closest("[data-hint]")?.dataset.hint);
      return this.hints.find((hint) => hint.id === id);
    };
    this.list.addEventListener("click", (event) => {
      const hint = hintOf(event);
      if (!hint) return;
      if (event.target.closest(".hint-drop")) remove(hint.id);
      else open(hint, () => this.focus(hint.id));
    });
    this.list.addEventListener("keydown", (event) => {
      const hint = hintOf(event);
      const step = hint && event.target.closest(".hint-edit") ? arrowStep(event) : null;
      if (step) nudge(hint.id, step);
      else if (hint && (event.key === "Delete" || event.key === "Backspace")) remove(hint.id);
      else return;
      event.preventDefault();
    });
  }

  /** Draw the hints; `shown` gives the colour that stands for one whose own cannot be shown. */
  draw(hints, shown) {
    const at = this.focused();
    const before = this.hints.findIndex((hint) => hint.id === at);
    this.hints = hints;
    const rows = hints.slice(0, MOST_SHOWN).map((hint, index) => row(hint, index + 1, shown.get(hint.id)));
    if (hints.length > MOST_SHOWN) {
      rows.push(element("li", { class: "field-note" }, `and ${hints.length - MOST_SHOWN} more`));
    }
    this.list.replaceChildren(...rows);
    this.list.hidden = !hints.length;
    if (at === null) return;
    const next = hints.find((hint) => hint.id === at) ?? hints[Math.min(before, hints.length - 1)];
    if (next) this.focus(next.id);
    else byId("hint-surface").focus({ preventScroll: true });
  }

  focus(id) {
    this.list.querySelector(`[data-hint="${id}"] .hint-edit`)?.focus();
  }

  focused() {
    const row = document.activeElement?.closest?.("#hint-list [data-hint]");
    return row ? Number(row.dataset.hint) : null;
  }
}

/** "40 % across, 25 % down". */
export function placeText({ x, y }) {
  return `${percent(x)} across, ${percent(y)} down`;
}

function row(hint, number, shown) {
  const name = nameOf(hint.color);
  const weak = shown && isWeakened(hint.color, shown);
  const dot = element("span", { class: "hint-dot", "aria-hidden": "true" }, String(number));
  dot.style.setProperty("--hint", hint.color);
  const label = `Hint ${number}: ${name}, ${placeText(hint)}${weak ? `; the nearest that can be shown there is ${nameOf(shown)}` : ""}. Edit`;
  const edit = element("button", { type: "button", class: "hint-edit", "aria-label": label }, dot, element("span", {}, weak ? `${name}*` : name));
  if (weak) edit.title = "This place is too dark or too light for so strong a colour: the nearest is used";
  const drop = element("button", { type: "button", class: "hint-drop", "aria-label": `Remove hint ${number}` }, "×");
  return element("li", { "data-hint": hint.id }, edit, drop);
}
