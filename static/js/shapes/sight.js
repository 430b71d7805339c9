/* One layer in depth: what one output sees of the input, and the formulas with its numbers put in. */

import { byId, element } from "../dom.js";
import { ask } from "../rest.js";
import { typesetShape } from "../typeset.js";

const AXES = { 1: ["index"], 2: ["row", "column"], 3: ["slice", "row", "column"] };

/** The panel that shows a layer; answers are kept until the network changes. */
export class Sight {
  constructor(endpoint) {
    this.panel = byId("sight");
    this.endpoint = endpoint;
    this.body = null;
    this.answers = new Map();
    this.position = "";
    this.shown = null;
    this.running = null;
  }

  /** A network has been computed: forget the answers about the one before. */
  renew(body) {
    this.body = body;
    this.answers.clear();
  }

  /** Show a layer; `pinned` adds the sliders that choose the output. */
  async show(name, { pinned = false } = {}) {
    if (!this.body) return;
    if (pinned && this.pinned !== name) this.position = "";
    if (pinned) this.pinned = name;
    const position = pinned ? this.position : "";
    this.running?.abort();
    const mine = new AbortController();
    this.running = mine;
    try {
      const told = await this.ask(name, position, mine.signal);
      if (this.running === mine) this.draw(told, pinned);
    } catch (error) {
      if (error.name === "AbortError" || this.running !== mine) return;
      if (position) {
        this.position = ""; // the output became smaller than where the sliders stood
        this.show(name, { pinned });
      }
    }
  }

  async ask(name, position, signal) {
    const key = `${name} ${position}`;
    if (!this.answers.has(key)) {
      const query = new URLSearchParams({ name, position });
      this.answers.set(key, await ask(`${this.endpoint}/layer?${query}`, this.body, signal));
    }
    return this.answers.get(key);
  }

  draw(told, pinned) {
    const focused = pinned && this.panel.contains(document.activeElement) ? document.activeElement.id : "";
    const { layer } = told;
    const drawings = Object.entries(told.drawings);
    const formulas = told.formulas.length ? told.formulas : told.general;
    this.panel.replaceChildren(
      element("h2", { class: "sight-name" }, layer.name, " ", element("span", { class: "kind" }, layer.type)),
      ...drawings.map(([name, drawing]) => figure(drawing, drawings.length > 1 ? name : "")),
      element("p", { class: "sight-caption" }, told.caption || "What it sees of the input cannot be told in numbers here."),
      ...(pinned && drawings.length ? this.sliders(told) : []),
      element("div", { class: "formulas", role: "group", tabindex: 0, "aria-label": "Formulas with the numbers put in" }, ...formulas.map(formula)),
    );
    if (focused) document.getElementById(focused)?.focus();
  }

  sliders({ layer, position }) {
    const sizes = layer.output_shape.slice(1);
    const names = AXES[sizes.length] ?? [];
    return names.map((name, axis) => {
      const id = `position-${name}`;
      const slider = element("input", { class: "slider", type: "range", id, min: 0, max: sizes[axis] - 1, step: 1, value: position[axis + 1] });
      slider.style.setProperty("--fill", String(sizes[axis] > 1 ? slider.value / slider.max : 0));
      slider.addEventListener("input", () => {
        // From where the sliders stand now: the answer to the last move may still be on its way.
        const moved = this.position ? this.position.split(",").map(Number) : [...position];
        moved[axis + 1] = Number(slider.value);
        this.position = moved.join(",");
        this.show(layer.name, { pinned: true });
      });
      return element("div", { class: "position" }, element("label", { class: "small quiet", for: id }, `Output ${name} of ${typesetShape([sizes[axis]])}`), slider);
    });
  }
}

function figure(drawing, name) {
  const svg = new DOMParser().parseFromString(drawing, "image/svg+xml").documentElement;
  const made = element("figure", { class: "sight-drawing" }, document.importNode(svg, true));
  if (name) made.append(element("figcaption", {}, name));
  return made;
}

function formula({ latex, mathml }) {
  const made = element("div", { class: "formula" });
  if (mathml) made.append(...document.importNode(new DOMParser().parseFromString(mathml, "text/html").body, true).childNodes);
  else made.append(element("code", {}, latex));
  breakable(made);
  return made;
}

/** Let a line break before each equal sign of a formula; app/pages/typeset.py does the same. */
function breakable(made) {
  const row = made.querySelector("math > mrow");
  for (const sign of [...(row?.children ?? [])].filter((part) => part.matches("mo") && part.textContent === "=").reverse()) {
    if (!sign.previousElementSibling) continue;
    const rest = made.firstElementChild.cloneNode(false);
    const inner = row.cloneNode(false);
    inner.append(...[...row.children].slice([...row.children].indexOf(sign)));
    rest.append(inner);
    made.firstElementChild.after(rest);
  }
}
