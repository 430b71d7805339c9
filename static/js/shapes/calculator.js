/* The calculator: whatever changes the network, by text, fields or buttons, asks REST again and draws the answer. */

import { byId, debounced, element } from "../dom.js";
import { answer, ask, exactly, Refusal } from "../rest.js";
import { typeset } from "../typeset.js";
import { catalogue, fill, fresh } from "./catalogue.js";
import { Editor } from "./editor.js";
import { copy, parameters } from "./link.js";
import { drawResult, light } from "./result.js";
import { Scaling } from "./scaling.js";
import { Sight } from "./sight.js";
import { Symbols } from "./symbols.js";
import { choose, drawLines, linesOf, linesWithout } from "./table.js";
import { at, inserted, layerOf, moved, removed, replaced, textOf } from "./tree.js";

const SETTLE_MS = 120;
const TYPING_MS = 300;
const HOVER_MS = 60;
const COPIED_MS = 1500;

const form = byId("network");
const text = byId("text");
const endpoint = form.dataset.endpoint;

let families = new Map(); // of the layer types
let preset = form.dataset.preset; // "" once anything was changed
let body = null; // as it would be posted, with the values of its symbols
let lines = []; // of the table, as js/shapes/table.js makes them
let chosen = { name: new URLSearchParams(location.search).get("layer"), pointer: "" };
let running = null; // AbortController of the request under way

const known = catalogue(endpoint).then((types) => {
  fill(byId("add-type"), types, "Conv2d");
  families = new Map([...types.values()].map(({ type, family }) => [type, family]));
}).catch(() => {}); // the table can be shown without its colours

const later = debounced(compute, SETTLE_MS);
const typed = debounced(interpret, TYPING_MS);
const preview = debounced((name) => look(name), HOVER_MS);
const sight = new Sight(endpoint);
const scaling = new Scaling(endpoint, compute);
const symbols = new Symbols({ values: (substitute) => change({ ...body, substitute }), free: compute });
const editor = new Editor(endpoint, {
  item: (pointer) => at(body, pointer),
  change: (pointer, item, again) => change(replaced(body, pointer, item), { pointer, again }),
  input: (shape, batch) => change({ ...body, ...(shape && { input: shape }), ...(batch && { batch }) }),
  move,
  copy: duplicate,
  remove: (pointer) => change(removed(body, pointer), { pointer: "/input", again: true, said: "Removed." }),
});

text.addEventListener("input", typed);
byId("preset").addEventListener("change", (event) => load(event.target.value));
byId("add").addEventListener("click", add);
byId("copy-link").addEventListener("click", (event) => copied(event.target, location.href));
byId("copy-code").addEventListener("click", (event) => copied(event.target, byId("code").textContent));
form.addEventListener("submit", (event) => {
  if (event.submitter?.name === "format") return; // a file to keep: the form itself is the request
  event.preventDefault();
  later();
});
follow(byId("lines"), (target) => target.closest("tr")?.dataset.line);
follow(byId("drawing"), (target) => target.closest(".layer")?.dataset.line);
byId("lines").addEventListener("keydown", keys);
start();

function start() {
  if (!text.value.trim()) return; // the page has said why there is no network
  const imported = document.getElementById("body");
  try {
    body = exactly(imported ? imported.textContent : text.value);
    compute();
  } catch {
    interpret();
  }
}

/** Ask for everything about the network as it is, and show it; the last that was asked wins. */
async function compute() {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const asked = symbols.free.checked ? without(body, "substitute") : body;
  try {
    const [result] = await Promise.all([ask(`${endpoint}?include=drawing`, asked, mine.signal), known]);
    if (running !== mine) return;
    show(result, asked);
    await scaling.draw(asked, symbols.draw(result.symbols, body.substitute), mine.signal);
    await share();
    say(`Computed: ${typeset(result.totals.parameters)} parameters.`);
  } catch (error) {
    if (error.name === "AbortError" || running !== mine) return;
    refuse(error instanceof Refusal ? error : new Refusal({ detail: String(error.message) }));
  }
}

function show(result, asked) {
  byId("problem").hidden = true;
  byId("bench").hidden = false;
  byId("bench").classList.remove("is-stale");
  editor.blame("", "");
  lines = linesOf(result, body);
  chosen = lines.find((line) => same(line) && line.name === chosen.name) ?? lines.find(same)
    ?? lines.find((line) => line.name === chosen.name) ?? lines.find((line) => line.kind === "layer");
  drawLines(lines, { body, families, chosen: chosen.name });
  drawResult(result);
  sight.renew(asked);
  look(chosen.name);
  if (editor.line?.again || editor.line?.pointer !== chosen.pointer) editor.show(chosen, body);
  else editor.line = chosen;
}

function same(line) {
  return line.pointer === chosen.pointer;
}

/** Say what is wrong: above the table, in its line, and beside the field it is about. */
function refuse(refusal) {
  const { pointer = "", detail = refusal.message } = refusal.errors[0] ?? {};
  const problem = byId("problem");
  problem.replaceChildren(element("strong", {}, "This cannot be computed"), element("span", {}, detail));
  if (refusal.status !== 422) {
    const again = element("button", { type: "button", class: "button" }, "Try again");
    again.addEventListener("click", compute);
    problem.append(again);
  }
  problem.hidden = false;
  if (!body) return;
  byId("bench").classList.add("is-stale");
  const now = linesWithout(body);
  const kept = new Set(lines.map((line) => line.pointer));
  if (now.some((line) => !kept.has(line.pointer)) || kept.size !== now.length) lines = now;
  chosen = lines.find((line) => same(line) && line.name === chosen.name) ?? lines.find(same) ?? lines[0];
  drawLines(lines, { body, families, chosen: chosen.name, wrong: layerOf(pointer) });
  if (editor.line?.again || editor.line?.pointer !== chosen.pointer) editor.show(chosen, body).then(() => editor.blame(pointer, detail));
  else editor.blame(pointer, detail);
}

/** The network becomes another: `pointer` is the line to look at, `again` draws its fields anew. */
function change(next, { pointer, again = false, said = "" } = {}) {
  body = next;
  own();
  text.value = textOf(body);
  if (pointer) chosen = { ...chosen, pointer };
  if (again && editor.line) editor.line.again = true;
  if (said) say(said);
  later();
}

/** From now on it is no preset, but the reader's own. */
function own() {
  preset = "";
  byId("preset").value = "";
  byId("title").textContent = "";
  byId("notes").replaceChildren();
}

/** Read what was typed: JSON here, anything else by REST. */
async function interpret() {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  own();
  try {
    if (text.value.trimStart().startsWith("{")) {
      body = exactly(text.value);
    } else {
      const { notes, ...read } = await ask(`${endpoint}/import`, { text: text.value }, mine.signal);
      if (running !== mine) return;
      body = read;
      byId("notes").replaceChildren(...notes.map((note) => element("li", {}, note)));
    }
    if (editor.line) editor.line.again = true;
    compute();
  } catch (error) {
    if (error.name === "AbortError" || running !== mine) return;
    refuse(error instanceof Refusal ? error : new Refusal({ status: 422, detail: `This is no JSON yet: ${error.message}.` }));
  }
}

async function load(name) {
  if (!name) return;
  const response = await answer(`${endpoint}/presets/${encodeURIComponent(name)}`, {}).catch(refuse);
  if (!response) return;
  const { name: _, title, notes, ...read } = exactly(await response.text());
  body = read;
  preset = name;
  chosen = { name: "", pointer: "" };
  text.value = textOf(body);
  byId("title").textContent = title ?? "";
  byId("notes").replaceChildren(...(notes ?? []).map((note) => element("li", {}, note)));
  compute();
}

async function add() {
  const type = byId("add-type").value;
  const [next, pointer] = inserted(body, fresh(type, await catalogue(endpoint)));
  change(next, { pointer, again: true, said: `${type} added.` });
}

function duplicate(pointer) {
  const [next, here] = inserted(body, without(at(body, pointer), "name"), pointer);
  change(next, { pointer: here, again: true, said: "Duplicated." });
}

function move(pointer, by) {
  const next = moved(body, pointer, by);
  if (next) change(next[0], { pointer: next[1], again: true, said: by < 0 ? "Moved up." : "Moved down." });
}

/** Look at a layer in depth for a moment; or, if it is the chosen one, with the sliders of its output. */
function look(name) {
  light(name);
  if (lines.some((line) => line.name === name && line.layer)) sight.show(name, { pinned: name === chosen.name });
}

function select(name) {
  chosen = lines.find((line) => line.name === name) ?? chosen;
  choose(chosen.name);
  look(chosen.name);
  editor.show(chosen, body);
  share();
}

/** Pointing at a line or a box previews its layer, pressing it chooses it. */
function follow(container, nameOf) {
  container.addEventListener("pointerover", (event) => nameOf(event.target) && preview(nameOf(event.target)));
  container.addEventListener("pointerleave", () => preview(chosen.name));
  container.addEventListener("focusin", (event) => nameOf(event.target) && preview(nameOf(event.target)));
  container.addEventListener("focusout", () => preview(chosen.name));
  container.addEventListener("click", (event) => {
    const name = nameOf(event.target);
    if (!name) return;
    event.preventDefault();
    select(name);
  });
}

/** Arrows walk through the lines, Alt and an arrow moves the layer, Delete removes it. */
function keys(event) {
  const row = event.target.closest("tr");
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const { pointer } = row.dataset;
  if (by && event.altKey && layerOf(pointer)) move(pointer, by);
  else if (by) (by < 0 ? row.previousElementSibling : row.nextElementSibling)?.querySelector(".pick")?.focus();
  else if (event.key === "Delete" && layerOf(pointer)) change(removed(body, pointer), { pointer: "/input", again: true, said: "Removed." });
  else return;
  event.preventDefault();
}

/** Put the network into the address, the plain form and the link to compare it. */
async function share() {
  form.elements.from.value = preset;
  const found = await parameters(preset, text.value);
  const query = new URLSearchParams(found ?? []);
  if (symbols.free.checked) query.set("symbols", "1");
  if (found && chosen.layer && chosen.name !== lines.find((line) => line.layer).name) query.set("layer", chosen.name);
  history.replaceState(null, "", found ? `?${query}` : location.pathname);
  byId("copy-link").disabled = !found;
  const other = preset === "write-up-fcnn" ? "write-up-cnn" : "write-up-fcnn";
  const sides = await parameters(preset, text.value, ["a", "za"]);
  byId("compare").href = `/shapes/compare?${new URLSearchParams([...(sides ?? []), ["b", other]])}`;
}

async function copied(button, what) {
  const done = await copy(what);
  const before = button.textContent;
  if (!done || before === "Copied") return;
  button.textContent = "Copied";
  say("Copied.");
  setTimeout(() => { button.textContent = before; }, COPIED_MS);
}

function without(object, name) {
  const { [name]: _, ...rest } = object;
  return rest;
}

function say(words) {
  byId("status").textContent = words;
}
