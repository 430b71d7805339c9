/* Paths played as an animation: every trace with a head is drawn up to a moment. */

import { loadPlotly } from "../charts.js";
import { element, wantsLessMotion } from "../dom.js";

const SECONDS = 6; // for the whole walk
const FRAME = 40; // milliseconds
const AXES = ["x", "y", "z"];
const pathOf = ({ meta }) => meta?.points ?? meta?.walk;
const headOf = ({ meta }) => meta?.head ?? meta?.runner;

/** The controls of one chart. */
export class Walk {
  /** Whether a chart has paths to walk. */
  static suits(plot) {
    return plot.figure.data.some(headOf) && !plot.element.parentElement.querySelector(".walk");
  }

  constructor(plot) {
    this.plot = plot;
    const { data } = plot.figure;
    this.paths = data.flatMap((trace, index) => (pathOf(trace) ? [{ index, trace, head: data.findIndex((other) => headOf(other) === pathOf(trace)) }] : []));
    this.length = Math.max(1, ...this.paths.map(({ trace }) => trace.x.length));
    this.drawing = null; // a moment on its way into the chart
    this.button = element("button", { type: "button", class: "button" }, "Play");
    this.slider = element("input", { type: "range", class: "slider", min: 1, max: this.length, step: 1, value: this.length, "aria-label": "How far the walks are shown" });
    this.controls = element("div", { class: "walk" }, this.button, this.slider);
    plot.element.after(this.controls);
    this.wanted = null;
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

  /** Draw a moment; of those that come while another is being drawn, the last. */
  async at(moment) {
    this.fill();
    this.wanted = moment;
    this.drawing ??= this.draw().finally(() => { this.drawing = null; });
    await this.drawing;
  }

  async draw() {
    const Plotly = await loadPlotly(this.plot.element.dataset.plotly);
    const traces = [...this.paths.map(({ index }) => index), ...this.paths.map(({ head }) => head)];
    while (this.wanted !== null) {
      const moment = this.wanted;
      this.wanted = null;
      const shown = {};
      for (const axis of AXES.filter((name) => this.paths.some(({ trace }) => trace[name]))) {
        const upTo = this.paths.map(({ trace }) => trace[axis].slice(0, moment));
        shown[axis] = [...upTo, ...upTo.map((values) => values.slice(-1))];
      }
      await Plotly.restyle(this.plot.element, shown, traces);
    }
  }

  fill() {
    this.slider.style.setProperty("--fill", String((this.slider.value - 1) / Math.max(1, this.length - 1)));
  }

  remove() {
    this.pause();
    this.controls.remove();
  }
}
