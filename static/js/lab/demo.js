/* The page of a demo: settings, Run, and the run. The address always holds what is set and shown. */

import { byId, debounced, wantsLessMotion } from "../dom.js";
import { answer, Refusal } from "../rest.js";
import { clear, query, setUpForm, tell } from "./form.js";
import { apologise, Plot } from "./plots.js";
import { RunPanel } from "./run.js";

const PREVIEW_AFTER = 250;

const form = byId("settings");
const stage = byId("stage");
const button = byId("run-button");
const status = byId("status");
const say = (text) => { status.textContent = text; };
const here = location.pathname;

const panel = new RunPanel(stage, { say, moved: (id, link) => history.replaceState(null, "", link ?? linkWith(id)) });

let asked = null; // the preview that is under way
let preview = null; // the chart before the first run

/** What the settings would draw on, and what is wrong with them. */
async function look() {
  asked?.abort();
  asked = new AbortController();
  try {
    const response = await answer(`${here}/preview?${query(form)}`, { signal: asked.signal });
    const { link, figures } = await response.json();
    clear(form);
    if (!panel.job) {
      history.replaceState(null, "", link ?? here);
      await showPreview(figures);
    }
  } catch (error) {
    if (error instanceof Refusal && error.status === 422) tell(form, error);
    else if (!(error instanceof Refusal) && error.name !== "AbortError") throw error;
  }
}

async function showPreview(figures) {
  const place = stage.querySelector('[data-figure="preview"]');
  const [first] = Object.values(figures);
  if (!place || !first) return;
  if (!preview) {
    preview = new Plot(place);
    place.addEventListener("click", (event) => choose(event, place));
  }
  await preview.show(first).catch(() => apologise(place));
}

/** A click on the map is the start, for demos that have one. */
function choose(event, plot) {
  const field = form.elements.start;
  const { xaxis, yaxis } = plot._fullLayout ?? {}; // Plotly's own axes know which place a pixel is
  if (!field || field.tagName !== "INPUT" || !xaxis) return;
  const box = plot.getBoundingClientRect();
  const x = xaxis.p2d(event.clientX - box.left - xaxis._offset);
  const y = yaxis.p2d(event.clientY - box.top - yaxis._offset);
  const within = (value, [from, to]) => value >= from && value <= to;
  if (!within(x, xaxis.range) || !within(y, yaxis.range)) return;
  field.value = `${Number(x.toPrecision(3))}, ${Number(y.toPrecision(3))}`;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  say(`The start is ${field.value}.`);
}

const later = debounced(look, PREVIEW_AFTER);
setUpForm(form, later);
if (!panel.job && !form.querySelector("[data-problem]:not([hidden])")) look();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  later.cancel();
  button.disabled = true;
  const body = query(form);
  body.set("key", crypto.randomUUID?.() ?? String(Math.random()));
  try {
    const response = await answer(here, { method: "POST", body, headers: { Accept: "application/json" } });
    const { id, link } = await response.json();
    clear(form);
    preview?.remove();
    preview = null;
    await panel.open(id, link);
    if (stage.getBoundingClientRect().top > innerHeight / 2) stage.scrollIntoView({ behavior: wantsLessMotion() ? "auto" : "smooth" });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    tell(form, error)?.focus();
    say("The run was not started; see the form.");
  } finally {
    button.disabled = false;
  }
});

// In a run's map too: the next run starts there.
stage.addEventListener("click", (event) => {
  const map = event.target.closest('[data-figure="contour"]');
  if (map) choose(event, map);
});

byId("copy-link").addEventListener("click", async () => {
  const link = panel.job ? location.href : `${location.origin}${linkWith(null)}`;
  try {
    await navigator.clipboard.writeText(link);
    say("The link is copied: it holds every setting.");
    byId("copy-link").textContent = "Copied";
    setTimeout(() => { byId("copy-link").textContent = "Copy link"; }, 2000);
  } catch {
    say("The link is in the address bar; it holds every setting.");
  }
});

function linkWith(id) {
  const pairs = query(form);
  if (id) pairs.set("job", id);
  return `${here}?${pairs}`;
}
