/* The table of layers: lines out of a result, or out of the body alone while it cannot be computed. */

import { byId, element } from "../dom.js";
import { typeset, typesetShape } from "../typeset.js";
import { at, walk } from "./tree.js";

const COUNTS = ["parameters", "weights", "neurons", "connections"];
const COLUMNS = COUNTS.length + 3;
const RESERVED = new Set(["type", "name", "inputs", "shares", "layers", "repeat"]);

/** The lines of a computed network: {kind, name, short, depth, pointer, layer}; every block has a head. */
export function linesOf(result, body) {
  const lines = Object.entries(result.inputs).map(([name, shape]) => ({ kind: "input", name, short: name, shape, pointer: "/input" }));
  let open = [];
  for (const layer of result.layers) {
    const path = layer.block ?? [];
    const same = path.findIndex((name, depth) => name !== open[depth]);
    const owners = same < 0 ? [] : blocksAround(layer.pointer, body);
    for (let depth = same < 0 ? path.length : same; depth < path.length; depth += 1) {
      const name = path.slice(0, depth + 1).join(".");
      lines.push({ kind: "block", name, short: name, depth, pointer: owners[depth] });
    }
    open = path;
    const short = layer.name.slice(path.reduce((length, name) => length + name.length + 1, 0));
    lines.push({ kind: "layer", name: layer.name, short, depth: path.length, pointer: layer.pointer, layer });
  }
  return lines;
}

/** The lines of a network that has no result: what its text says, without a number. */
export function linesWithout(body) {
  const lines = [{ kind: "input", name: "input", short: "input", pointer: "/input" }];
  for (const { pointer, depth, item } of walk(body)) {
    const kind = Array.isArray(item?.layers) ? "block" : "layer";
    const name = typeof item?.name === "string" ? item.name : String(item?.type ?? "layer").toLowerCase();
    lines.push({ kind, name, short: name, depth, pointer });
  }
  return lines;
}

/** Draw the lines; `chosen` is the line that is edited, `wrong` the pointer of a layer that cannot be. */
export function drawLines(lines, { body, families, chosen, wrong }) {
  byId("lines").replaceChildren(...lines.map((line) => {
    const item = at(body, line.pointer);
    const row = element(
      "tr",
      {
        class: [`is-${line.kind}`, line.pointer === wrong && "is-wrong"].filter(Boolean).join(" "),
        "data-line": line.name,
        "data-pointer": line.pointer,
      },
      head(line, item, families),
    );
    if (line.kind === "input") row.append(number(typesetShape(line.shape), true), element("td", { colspan: COLUMNS - 2 }));
    if (line.kind === "layer") row.append(...cells(line.layer));
    mark(row, chosen);
    return row;
  }));
}

/** Show which line is edited. */
export function choose(chosen) {
  for (const row of byId("lines").rows) mark(row, chosen);
}

function mark(row, chosen) {
  const on = row.dataset.line === chosen;
  row.classList.toggle("is-chosen", on);
  row.querySelector(".pick")?.setAttribute("aria-pressed", String(on));
}

function head(line, item, families) {
  const type = line.layer?.type ?? item?.type;
  const parts = [];
  if (line.kind !== "block") parts.push(element("i", { class: `dot ${line.kind === "input" ? "input" : families.get(type) ?? ""}` }));
  parts.push(element("button", { type: "button", class: "pick" }, line.short));
  if (line.kind === "layer") parts.push(" ", element("span", { class: "kind" }, String(type ?? "")));
  if (line.layer?.shares) parts.push(" ", element("span", { class: "kind" }, `shares ${line.layer.shares}`));
  if (line.kind === "layer") parts.push(element("span", { class: "told" }, told(item)));
  const attributes = { scope: line.kind === "block" ? "rowgroup" : "row", "data-depth": line.depth ?? 0 };
  return element("th", line.kind === "block" ? { ...attributes, colspan: COLUMNS } : attributes, ...parts);
}

function cells(layer) {
  const counts = COUNTS.map((name) => number(layer ? typeset(layer[name]) : ""));
  return [
    number(layer ? typesetShape(layer.output_shape) : "", true),
    ...counts,
    number(layer ? typesetShape(layer.receptive_field?.size) : "", true),
  ];
}

function number(text, shape = false) {
  return element("td", { class: shape ? "is-number is-shape" : "is-number" }, text);
}

/** A layer's arguments in a line. */
function told(item) {
  const given = Object.entries(item ?? {}).filter(([name]) => !RESERVED.has(name));
  return given.map(([name, value]) => `${name} ${shown(value)}`).join(", ");
}

function shown(value) {
  if (Array.isArray(value)) return `(${value.map(shown).join(", ")})`;
  return value === null ? "none" : String(value);
}

/** For each block that a layer's name begins with, its pointer; a block that repeats has two names there. */
function blocksAround(pointer, body) {
  const found = [];
  for (const match of pointer.matchAll(/\/layers\/\d+(?=\/)/g)) {
    const owner = pointer.slice(0, match.index + match[0].length);
    found.push(owner);
    if (typeof at(body, owner)?.repeat === "number") found.push(owner);
  }
  return found;
}
