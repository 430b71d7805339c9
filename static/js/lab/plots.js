/* Plotly figures in the colours of the page; traces that name their series grow point by point. */

import { loadPlotly, token } from "../charts.js";

const CONFIG = { responsive: true, displayModeBar: false };
const REDRAW_AFTER = 120; // milliseconds: often enough to look alive
const MARGIN = { l: 64, r: 20, t: 20, b: 52 };
const NEUTRAL = "#808080"; // what app/lab/figures.py gives to what belongs to no series
const NARROW = "(max-width: 40rem)";

/** A chart in a `[data-figure]` element. */
export class Plot {
  constructor(element) {
    this.element = element;
    this.name = element.dataset.figure;
    this.figure = null;
    this.drawn = null; // resolves when Plotly has drawn it for the first time
    this.timer = 0;
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.repaint = () => this.paint();
    this.scheme.addEventListener("change", this.repaint);
  }

  /** Show a figure, now or in place of the one before. */
  async show(figure) {
    this.figure = figure;
    await this.paint();
  }

  async paint() {
    if (!this.figure) return;
    const Plotly = await loadPlotly(this.element.dataset.plotly);
    if (!this.element.isConnected) return;
    const { data, layout } = this.figure;
    this.element.dataset.drawn = "";
    this.drawn = Plotly.react(this.element, data.map(dressed), dressedLayout(layout, data), CONFIG);
    await this.drawn;
  }

  /** Empty the traces that grow. */
  clear() {
    for (const trace of this.figure?.data ?? []) {
      if (trace.meta?.points || trace.meta?.head) Object.assign(trace, { x: [], y: [] });
    }
  }

  /** Take a point in; true if a trace here shows its series. */
  add({ series, x, y }) {
    let taken = false;
    for (const trace of this.figure?.data ?? []) {
      if (trace.meta?.points === series) {
        trace.x.push(x);
        trace.y.push(y > 0 || !this.isLog(trace) ? y : null);
        taken = true;
      } else if (trace.meta?.head === series) {
        Object.assign(trace, { x: [x], y: [y] });
        taken = true;
      }
    }
    if (taken && !this.timer) {
      this.timer = setTimeout(() => {
        this.timer = 0;
        this.paint();
      }, REDRAW_AFTER);
    }
    return taken;
  }

  isLog(trace) {
    return this.figure.layout[(trace.yaxis ?? "y").replace("y", "yaxis")]?.type === "log";
  }

  /** Save what is drawn as a file. */
  async take(format, name) {
    const Plotly = await loadPlotly(this.element.dataset.plotly);
    const { width, height } = this.element.getBoundingClientRect();
    await Plotly.downloadImage(this.element, { format, width: Math.round(width), height: Math.round(height), scale: format === "png" ? 2 : 1, filename: name });
  }

  remove() {
    clearTimeout(this.timer);
    this.scheme.removeEventListener("change", this.repaint);
    if (window.Plotly && this.drawn) window.Plotly.purge(this.element);
  }
}

/** Calls `action` once the element is near the window. */
export function whenSeen(element, action) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    action();
  }, { rootMargin: "400px" });
  observer.observe(element);
}

/** Say in a chart's place that it cannot be drawn. */
export function apologise(element) {
  element.textContent = "The chart could not be loaded. Its numbers are on this page and in the CSV.";
}

function dressed(trace) {
  const copy = { ...trace, x: trace.x?.slice?.() ?? trace.x, y: trace.y?.slice?.() ?? trace.y };
  const place = trace.meta?.series;
  if (place) {
    const color = token(`series-${place}`);
    if (trace.line) copy.line = { ...trace.line, color };
    if (trace.marker) copy.marker = { ...trace.marker, color };
  }
  if (trace.marker?.color === NEUTRAL) copy.marker = { ...trace.marker, color: token("ink") };
  if (trace.marker?.line?.color === NEUTRAL) copy.marker = { ...trace.marker, line: { ...trace.marker.line, color: token("ink") } };
  if (trace.line?.color === NEUTRAL) copy.line = { ...trace.line, color: token("quiet") };
  if (trace.type === "contour" || trace.type === "heatmap") {
    copy.colorbar = { ...trace.colorbar, outlinewidth: 0, thickness: 12, tickfont: { color: token("quiet") } };
    if (matchMedia(NARROW).matches) copy.showscale = false;
  }
  if (trace.meta?.ground) {
    // The ground stays quiet, whatever the scheme, so that the paths on it are seen.
    copy.colorscale = [[0, token("edge")], [0.35, token("line")], [1, token("surface")]];
    copy.opacity = 1;
    if (trace.type === "contour") copy.line = { width: 0.5, color: token("edge") };
  }
  return copy;
}

function dressedLayout(layout, data) {
  const lines = { gridcolor: token("line"), linecolor: token("line"), tickcolor: token("line") };
  const { updatemenus, sliders, ...rest } = layout; // the page has controls of its own
  const shown = {
    ...rest,
    autosize: true,
    dragmode: layout.scene ? "turntable" : matchMedia("(pointer: coarse)").matches ? false : "zoom",
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: token("font"), size: 13, color: token("quiet") },
    hoverlabel: { bgcolor: token("paper"), bordercolor: token("edge"), font: { color: token("ink") } },
    margin: layout.scene ? layout.margin : MARGIN,
    uirevision: "kept",
  };
  for (const name of Object.keys(rest)) {
    if (/^[xy]axis/.test(name)) shown[name] = { ...rest[name], ...lines, title: { standoff: 8, ...rest[name].title } };
  }
  if (Object.values(rest).some((part) => part?.scaleanchor)) {
    for (const name of ["xaxis", "yaxis"]) shown[name].constrain = "domain"; // no empty ground beside it
  }
  if (layout.scene) {
    shown.scene = { ...layout.scene };
    for (const axis of ["xaxis", "yaxis", "zaxis"]) shown.scene[axis] = { ...layout.scene[axis], ...lines, showbackground: false, zerolinecolor: token("line") };
    shown.legend = { orientation: "h", y: 1, x: 0 };
  }
  if (data.filter((trace) => trace.showlegend !== false && trace.name).length < 2) shown.showlegend = false;
  return shown;
}
