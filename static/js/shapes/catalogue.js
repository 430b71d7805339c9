/* The layer types and their arguments, fetched once; and what a new layer begins with. */

import { element } from "../dom.js";
import { answer } from "../rest.js";

const FIRST = ["convolution", "pooling", "linear", "activation"]; // families that people use most

const STARTS = {
  downscale_factor: 2,
  embed_dim: 64,
  embedding_dim: 64,
  groups: 2,
  hidden_size: 64,
  kernel_size: 3,
  nhead: 4,
  num_embeddings: 1000,
  num_groups: 4,
  num_heads: 4,
  out_channels: 32,
  out_features: 10,
  output_size: 1,
  upscale_factor: 2,
};
const OWN = [
  [/^Conv\dd$/, { padding: "same" }],
  [/Pool\dd$/, { kernel_size: 2 }],
  [/^Upsample$/, { scale_factor: 2 }],
];

let types = null;

/** Every layer type by name, as GET /shapes/layers tells it. */
export async function catalogue(endpoint) {
  types ??= answer(`${endpoint}/layers`, {})
    .then((response) => response.json())
    .then(({ layers }) => new Map(layers.map((layer) => [layer.type, layer])))
    .catch((error) => {
      types = null; // the next one asks again
      throw error;
    });
  return types;
}

/** Fill a list with the layer types by family, and with the block. */
export function fill(select, types, chosen) {
  const groups = new Map(FIRST.map((family) => [family, []]));
  for (const { type, family } of types.values()) groups.set(family, [...(groups.get(family) ?? []), type]);
  groups.set("block", ["Sequential"]);
  const option = (type) => element("option", { selected: type === chosen }, type);
  select.replaceChildren(...[...groups].map(([label, names]) => element("optgroup", { label }, ...names.map(option))));
}

/** A new layer of a type with what it needs, as far as there is a usual value. */
export function fresh(type, known) {
  if (type === "Sequential") return { type, layers: [{ type: "ReLU" }] };
  const needed = (known.get(type)?.arguments ?? []).filter((argument) => argument.required);
  const layer = { type };
  for (const { name } of needed) if (name in STARTS) layer[name] = STARTS[name];
  for (const [pattern, values] of OWN) if (pattern.test(type) && !type.startsWith("Adaptive")) Object.assign(layer, values);
  return layer;
}
