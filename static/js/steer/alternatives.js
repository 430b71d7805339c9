/* Other colours that the picture may have had, as small pictures: asked for when they come into sight, one by one. */

import { byId, element } from "../dom.js";

const SIDE = 224; // pixels of a small picture's longer side
const MOST = 12;
const FIRST = "The network's first choice";

export class Alternatives {
  /** `preview(fields, side, signal)` resolves to a Blob; `choose(candidate)` is told. */
  constructor({ preview, choose }) {
    this.preview = preview;
    this.strip = byId("alternatives");
    this.choices = byId("alternative-choices");
    this.key = null;
    this.asking = null;
    this.urls = [];
    this.inSight = false;
    this.choices.addEventListener("change", (event) => choose(Number(event.target.value)));
    new IntersectionObserver((entries) => {
      this.inSight = entries.at(-1).isIntersecting;
      if (this.inSight) this.fill();
    }).observe(this.strip);
  }

  /** Offer candidates 0 to `last` of a picture so many times as wide as high, coloured as the form fields say. */
  offer(last, chosen, fields, aspect) {
    if (!last) return this.clear();
    const key = JSON.stringify(fields);
    if (key !== this.key) {
      this.clear();
      this.key = key;
      this.fields = fields;
      const count = Math.max(chosen, Math.min(last, MOST - 1));
      this.choices.replaceChildren(...Array.from({ length: count + 1 }, (_, candidate) => choice(candidate)));
      this.strip.style.setProperty("--aspect", String(aspect)); // room for each before it comes
      this.strip.hidden = false;
    }
    this.mark(chosen);
    if (this.inSight) this.fill();
  }

  /** Mark the chosen one, which an undo may have changed. */
  mark(chosen) {
    const input = this.choices.querySelector(`input[value="${chosen}"]`);
    if (input) input.checked = true;
  }

  clear() {
    this.pause();
    this.key = null;
    this.strip.hidden = true;
    this.choices.replaceChildren();
    for (const url of this.urls.splice(0)) URL.revokeObjectURL(url);
  }

  /** Leave the service to what matters more; `offer` goes on. */
  pause() {
    this.asking?.abort();
    this.asking = null;
  }

  async fill() {
    if (this.asking || !this.key) return;
    const mine = new AbortController();
    this.asking = mine;
    for (const picture of this.choices.querySelectorAll("img:not([src])")) {
      const candidate = Number(picture.dataset.candidate);
      try {
        const url = URL.createObjectURL(await this.preview({ ...this.fields, candidate: candidate || "" }, SIDE, mine.signal));
        if (this.asking !== mine) return URL.revokeObjectURL(url);
        this.urls.push(url);
        picture.src = url;
      } catch {
        // Busy, or gone meanwhile: what is missing is asked for when the strip comes into sight again.
        if (this.asking === mine) this.asking = null;
        return;
      }
    }
    if (this.asking === mine) this.asking = null;
  }
}

function choice(candidate) {
  const name = candidate ? `Alternative ${candidate}` : FIRST;
  const input = element("input", { type: "radio", class: "visually-hidden", name: "alternative", value: candidate, "aria-label": name });
  const picture = element("img", { alt: "", "data-candidate": candidate });
  return element("label", { class: "alternative", title: name }, input, picture);
}
