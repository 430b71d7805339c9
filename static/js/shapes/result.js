/* A result's totals, drawing, blocks, code and conditions, put where they belong. */

import { byId, element } from "../dom.js";
import { typeset, typesetBytes } from "../typeset.js";

const COUNTS = ["parameters", "weights", "neurons", "connections"];

/** Everything of a result but the lines of its table. */
export function drawResult(result) {
  for (const cell of document.querySelectorAll("[data-total]")) cell.textContent = typeset(result.totals[cell.dataset.total]);
  for (const cell of document.querySelectorAll("[data-memory]")) cell.textContent = typesetBytes(result.memory[cell.dataset.memory]);
  byId("bench").classList.toggle("is-symbolic", result.symbols.length > 0);
  const svg = new DOMParser().parseFromString(result.drawing, "image/svg+xml").documentElement;
  byId("drawing").replaceChildren(document.importNode(svg, true));
  const names = [...Object.keys(result.inputs), ...result.layers.map((layer) => layer.name)];
  byId("drawing").querySelectorAll(".layer").forEach((box, index) => { box.dataset.line = names[index]; });
  byId("code").textContent = result.pytorch;
  byId("conditions").replaceChildren(
    ...result.conditions.map((condition) => element("li", {}, `PyTorch accepts this when ${condition}.`)),
    ...result.notes.map((note) => element("li", {}, note)),
  );
  byId("blocks-section").hidden = result.blocks.length === 0;
  byId("blocks").replaceChildren(...result.blocks.map((block) => element(
    "tr",
    {},
    element("th", { scope: "row" }, block.name),
    ...COUNTS.map((name) => element("td", { class: "is-number" }, typeset(block.totals[name]))),
  )));
}

/** Light the box of a layer in the drawing. */
export function light(name) {
  for (const box of byId("drawing").querySelectorAll(".layer")) box.classList.toggle("is-lit", box.dataset.line === name);
}
