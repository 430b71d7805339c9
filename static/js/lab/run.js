/* One run on the page: charts that grow by its events, and everything else anew from the server at its end. */

import { answer } from "../rest.js";
import { follow } from "./events.js";
import { apologise, Plot, whenSeen } from "./plots.js";
import { Walk } from "./walk.js";

const REST = "/api/v1/jobs";
const WORDS = {
  queued: "Waiting for a worker",
  running: "Running",
  succeeded: "Succeeded",
  failed: "Failed",
  cancelled: "Cancelled",
};
const SAID_EVERY = 0.25; // of the progress

/** Keeps the run in `stage` up to date. `say(text)` announces, `moved(id)` tells that another job is shown. */
export class RunPanel {
  constructor(stage, { say, moved = () => {} }) {
    this.stage = stage;
    this.say = say;
    this.moved = moved;
    this.plots = new Map();
    this.walks = [];
    this.stop = null;
    this.stage.addEventListener("submit", (event) => this.act(event));
    this.stage.addEventListener("click", (event) => this.take(event));
    if (this.job) this.attach();
  }

  get article() {
    return this.stage.querySelector("[data-job]");
  }

  get isOver() {
    return !["queued", "running"].includes(this.article.dataset.state);
  }

  get job() {
    return this.article?.dataset.job ?? null;
  }

  /** Show another job in place of this one. */
  async open(id, link) {
    this.detach();
    await this.fill(id);
    this.moved(id, link);
    this.attach();
    if (this.isOver) this.conclude();
  }

  detach() {
    this.stop?.();
    this.stop = null;
    for (const walk of this.walks.splice(0)) walk.remove();
    for (const plot of this.plots.values()) plot.remove();
    this.plots.clear();
  }

  /** The server's view of a job into the stage; charts that are there already stay. */
  async fill(id) {
    const response = await answer(`/lab/jobs/${id}/run`, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-job]");
    for (const place of fresh.querySelectorAll("[data-figure]")) {
      const plot = this.plots.get(place.dataset.figure);
      if (!plot) continue;
      plot.element.dataset.source = place.dataset.source;
      place.replaceWith(plot.element);
    }
    for (const [name, plot] of this.plots) {
      if (fresh.contains(plot.element)) continue;
      plot.remove();
      this.plots.delete(name);
    }
    this.stage.replaceChildren(fresh);
  }

  attach() {
    if (!this.isOver) {
      this.watch();
      return;
    }
    for (const element of this.stage.querySelectorAll("[data-figure]")) whenSeen(element, () => this.draw(element));
  }

  /** Draw a finished job's figure. */
  async draw(element) {
    const plot = this.plots.get(element.dataset.figure) ?? new Plot(element);
    this.plots.set(plot.name, plot);
    try {
      const response = await answer(element.dataset.source);
      await plot.show(await response.json());
      if (Walk.suits(plot)) this.walks.push(new Walk(plot));
    } catch {
      if (!plot.drawn) apologise(element);
    }
  }

  /** Follow a job that has not ended: figures as they are, emptied, then every point from the first. */
  async watch() {
    const id = this.job;
    const elements = [...this.stage.querySelectorAll("[data-figure]")];
    await Promise.all(elements.map(async (element) => {
      try {
        const figure = await (await answer(element.dataset.source)).json();
        const plot = new Plot(element);
        this.plots.set(plot.name, plot);
        plot.figure = figure;
        plot.clear();
        plot.paint().catch(() => apologise(element));
      } catch {
        apologise(element);
      }
    }));
    if (this.job !== id) return;
    let said = 0;
    this.stop = follow(`${REST}/${id}/events`, {
      state: ({ state }) => this.show(state),
      progress: ({ progress, pictures = [] }) => {
        this.advance(progress);
        for (const name of pictures) this.showPicture(name);
        if (progress >= said + SAID_EVERY && progress < 1) {
          said = progress;
          this.say(`${Math.round(100 * progress)} % done.`);
        }
      },
      point: (point) => {
        for (const plot of this.plots.values()) plot.add(point);
      },
      end: ({ state, error }) => this.finish(id, state, error),
      broken: (isBroken) => this.article.classList.toggle("is-broken", isBroken),
      gone: () => {
        this.show("cancelled");
        this.say("This job was deleted.");
      },
    });
  }

  show(state) {
    const word = this.stage.querySelector("#run-state");
    if (!word || this.article.dataset.state === state) return;
    this.article.dataset.state = state;
    word.className = `state is-${state}`;
    word.textContent = WORDS[state];
    this.say(`${WORDS[state]}.`);
  }

  advance(progress) {
    const bar = this.stage.querySelector("#run-progress");
    if (bar) bar.value = progress;
    const percent = this.stage.querySelector("#run-percent");
    if (percent) percent.textContent = `${Math.round(100 * progress)} %`;
  }

  showPicture(name) {
    const place = this.stage.querySelector("#run-pictures");
    const source = `${place.dataset.source}${encodeURIComponent(name)}`;
    let figure = [...place.children].find((child) => child.dataset.picture === name);
    if (!figure) {
      figure = document.createElement("figure");
      figure.className = "picture";
      figure.dataset.picture = name;
      const image = document.createElement("img");
      const title = document.createElement("figcaption");
      title.textContent = image.alt = name.replaceAll("-", " "); // the server has better words at the end
      figure.append(image, title);
      place.append(figure);
    }
    figure.querySelector("img").src = `${source}?at=${Date.now()}`;
  }

  async finish(id, state, error) {
    try {
      await this.fill(id);
      this.attach();
    } catch {
      this.show(state);
    }
    this.conclude(error);
  }

  /** Announce how it ended. */
  conclude(error = "") {
    const held = this.stage.querySelector(".certificate .verdict")?.textContent ?? "";
    this.say([`${WORDS[this.article.dataset.state]}.`, held && `${held}.`, error].filter(Boolean).join(" "));
  }

  /** Cancel and resume by REST, so that the page stays. */
  async act(event) {
    const act = event.target.dataset.act;
    if (!act) return;
    event.preventDefault();
    const button = event.target.querySelector("button");
    button.disabled = true;
    try {
      const response = await answer(`${REST}/${this.job}/${act}`, { method: "POST" });
      if (act === "resume") await this.open((await response.json()).id);
      else button.textContent = "Stopping";
    } catch (refusal) {
      button.disabled = false;
      this.say(refusal.message);
      if (refusal.status === 409) await this.open(this.job);
    }
  }

  async take(event) {
    const { format } = event.target.dataset;
    const name = event.target.closest("[data-take]")?.dataset.take;
    if (format && name) await this.plots.get(name)?.take(format, `${name}-${this.job.slice(0, 8)}`);
  }
}
