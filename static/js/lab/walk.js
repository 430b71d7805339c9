/* Paths played as an animation: every trace with a head is drawn up to a moment. */

import { loadPlotly } from "../charts.js";
import { element, wantsLessMotion } from "../dom.js";

const SECONDS = 6; // for the whole walk
const FRAME = 40; // milliseconds

/** The controls of one chart. */
export class Walk {
  /** Whether a chart has paths to walk. */
  static suits(plot) {
    return plot.figure.data.some((trace) => trace.meta?.head) && !plot.element.parentElement.querySelector(".walk");
  }

  constructor(plot) {
    this.plot = plot;
    this.paths = plot.figure.data.flatMap((trace, index) => (trace.meta?.points ? [{ index, x: trace.x, y: trace.y, name: trace.meta.points }] : []));
    this.heads = this.paths.map(({ name }) => plot.figure.data.findIndex((trace) => trace.meta?.head === name));
    this.length = Math.max(1, ...this.paths.map(({ x }) => x.length));
    this.button = element("button", { type: "button", class: "button" }, "Play");
    this.slider = element("input", { type: "range", class: "slider", min: 1, max: this.length, step: 1, value: this.length, "aria-label": "How far the walks are shown" });
    this.controls = element("div", { class: "walk" }, this.button, this.slider);
    plot.element.after(this.controls);
    this.timer = 0;
    this.button.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    this.slider.addEventListener("input", () => {
      this.pause();
      this.at(Number(this.slider.value));
    });
    this.fill();
  }

  play() {
    let moment = Number(this.slider.value) >= this.length ? 1 : Number(this.slider.value);
    const stride = wantsLessMotion() ? Math.ceil(this.length / 5) : Math.max(1, (this.length * FRAME) / (1000 * SECONDS));
    this.button.textContent = "Pause";
    this.timer = setInterval(() => {
      moment = Math.min(this.length, moment + stride);
      this.slider.value = String(Math.round(moment));
      this.at(Math.round(moment));
      if (moment >= this.length) this.pause();
    }, wantsLessMotion() ? 1000 : FRAME);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = 0;
    this.button.textContent = "Play";
  }

  async at(moment) {
    this.fill();
    const Plotly = await loadPlotly(this.plot.element.dataset.plotly);
    const upTo = (values) => values.slice(0, moment);
    const newest = (values) => values.slice(0, moment).slice(-1);
    const x = [...this.paths.map((path) => upTo(path.x)), ...this.paths.map((path) => newest(path.x))];
    const y = [...this.paths.map((path) => upTo(path.y)), ...this.paths.map((path) => newest(path.y))];
    await Plotly.restyle(this.plot.element, { x, y }, [...this.paths.map(({ index }) => index), ...this.heads]);
  }

  fill() {
    this.slider.style.setProperty("--fill", String((this.slider.value - 1) / Math.max(1, this.length - 1)));
  }

  remove() {
    this.pause();
    this.controls.remove();
  }
}
