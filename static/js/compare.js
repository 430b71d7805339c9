/* Before and after under one slider; the slider is a real range input, so keyboard and touch work by themselves. */

import { byId, wantsLessMotion } from "./dom.js";

const REVEAL_MS = 1100;
const TINY = 128; // pixels; smaller pictures are shown with crisp pixels
const VEIL = 0.8; // most opacity of the map: the picture still shows through
const TAIL = 0.02; // share of the map at each end that does not set its range
const LEAST_RANGE = 24; // of 255: a map that hardly varies is not made to
const UNSURE_SIDE = 640; // pixels; the map is smooth, more would only cost time

/** The figure on the stage. */
export class Compare {
  constructor() {
    this.figure = byId("compare");
    this.before = image("before", "The picture before, in gray");
    this.after = image("after", "The picture in colour");
    this.figure.prepend(this.before, this.after);
    this.unsure = byId("unsure");
    this.split = byId("split");
    this.urls = new Map();
    this.animation = 0;
    this.split.addEventListener("input", () => {
      cancelAnimationFrame(this.animation);
      this.place(Number(this.split.value));
    });
    for (const shown of [this.before, this.after]) shown.addEventListener("load", () => this.fit(shown));
    // A format the browser cannot show (TIFF): the result without its colour stands for it.
    this.before.addEventListener("error", () => {
      if (this.urls.has("after")) this.before.src = this.urls.get("after");
    });
  }

  /** Show a picture that waits for its colour. */
  showGray(blob) {
    this.figure.hidden = false;
    this.after.hidden = true;
    this.unsure.hidden = true;
    this.withColour(false);
    this.before.src = this.url("before", blob);
  }

  /** Clear the stage. */
  hide() {
    this.figure.hidden = true;
  }

  /** Show the colour; `reveal` draws the split across once, as a print develops. */
  async showColour(blob, { reveal }) {
    const url = this.url("after", blob);
    this.after.src = url;
    await this.after.decode();
    if (this.before.naturalWidth === 0) this.before.src = url;
    this.after.hidden = false;
    this.withColour(true);
    if (reveal) this.reveal();
  }

  /**
   * Paint the uncertainty map (gray, white = unsure) in the accent colour, or hide it when there is none.
   * What is surer than the rest of the picture stays clear. Resolves to the picture's mean, 0..1.
   */
  async showUnsure(blob) {
    this.unsure.hidden = !blob;
    if (!blob) return 0;
    const map = await createImageBitmap(blob);
    const scale = Math.min(1, UNSURE_SIDE / Math.max(map.width, map.height));
    this.unsure.width = Math.max(1, Math.round(map.width * scale));
    this.unsure.height = Math.max(1, Math.round(map.height * scale));
    const context = this.unsure.getContext("2d", { willReadFrequently: true });
    context.drawImage(map, 0, 0, this.unsure.width, this.unsure.height);
    map.close();
    const picture = context.getImageData(0, 0, this.unsure.width, this.unsure.height);
    const { data } = picture;
    const values = Uint8Array.from({ length: data.length / 4 }, (_, at) => data[4 * at]);
    const [low, high] = ends(values);
    const [red, green, blue] = accent();
    for (let i = 0; i < data.length; i += 4) {
      data[i + 3] = 255 * VEIL * Math.min(1, Math.max(0, (data[i] - low) / (high - low))); // gray becomes opacity
      data[i] = red;
      data[i + 1] = green;
      data[i + 2] = blue;
    }
    context.putImageData(picture, 0, 0);
    return values.reduce((sum, value) => sum + value, 0) / values.length / 255;
  }

  place(percent) {
    this.figure.style.setProperty("--split", String(percent));
    this.split.value = String(percent);
    this.split.setAttribute("aria-valuetext", `${Math.round(percent)} % before, ${Math.round(100 - percent)} % after`);
  }

  reveal() {
    cancelAnimationFrame(this.animation);
    if (wantsLessMotion()) return this.place(50);
    const started = performance.now();
    const step = (now) => {
      const t = Math.min(1, (now - started) / REVEAL_MS);
      const eased = 1 - (1 - t) ** 3;
      this.place(100 - 50 * eased);
      if (t < 1) this.animation = requestAnimationFrame(step);
    };
    this.animation = requestAnimationFrame(step);
  }

  withColour(there) {
    for (const id of ["split", "rule", "tag-before", "tag-after"]) byId(id).hidden = !there;
  }

  fit({ naturalWidth: width, naturalHeight: height }) {
    if (!width) return;
    this.figure.style.setProperty("--ratio", String(width / height));
    this.figure.classList.toggle("is-tiny", Math.max(width, height) <= TINY);
  }

  url(name, blob) {
    if (this.urls.has(name)) URL.revokeObjectURL(this.urls.get(name));
    this.urls.set(name, URL.createObjectURL(blob));
    return this.urls.get(name);
  }
}

function image(id, alt) {
  const element = new Image();
  Object.assign(element, { id, alt, className: id, hidden: id === "after" });
  return element;
}

/** Between which values the map is shown: its own range, or all of 0..255 where that is next to nothing. */
function ends(values) {
  const sorted = values.slice().sort();
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const [low, high] = [at(TAIL), at(1 - TAIL)];
  return high - low >= LEAST_RANGE ? [low, high] : [0, 255];
}

function accent() {
  const hex = getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}
