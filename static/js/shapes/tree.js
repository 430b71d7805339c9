/* A network's body as a tree of layers: found, changed and moved by JSON pointer; every change is a new body. */

const LAYERS = "layers";

/** `/layers/0/layers/1` as ["layers", 0, "layers", 1]. */
function steps(pointer) {
  return pointer.split("/").slice(1).map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** What stands at a pointer, or undefined. */
export function at(body, pointer) {
  return steps(pointer).reduce((value, step) => value?.[step], body);
}

/** The pointer of the layer in which a pointer ends, "" where it lies in none. */
export function layerOf(pointer) {
  return /^(?:\/layers\/\d+)+/.exec(pointer)?.[0] ?? "";
}

/** The pointer to the list that holds a layer, and the layer's place in it. */
function place(pointer) {
  const cut = pointer.lastIndexOf("/");
  return [pointer.slice(0, cut), Number(pointer.slice(cut + 1))];
}

function changed(body, pointer, change) {
  const copy = structuredClone(body);
  change(pointer ? at(copy, pointer) : copy, copy);
  return copy;
}

/** The body with another layer in place of the one at a pointer. */
export function replaced(body, pointer, layer) {
  const [list, index] = place(pointer);
  return changed(body, list, (layers) => layers.splice(index, 1, layer));
}

/** The body without the layer at a pointer; a block that is left empty goes with it. */
export function removed(body, pointer) {
  const [list, index] = place(pointer);
  if (list !== `/${LAYERS}` && at(body, list).length === 1) return removed(body, list.slice(0, -LAYERS.length - 1));
  return changed(body, list, (layers) => layers.splice(index, 1));
}

/** The body with a layer after the one at a pointer, or at the end; and where it stands now. */
export function inserted(body, layer, pointer = "") {
  const [list, index] = pointer ? place(pointer) : [`/${LAYERS}`, (body.layers?.length ?? 0) - 1];
  const base = Array.isArray(body.layers) ? body : { ...body, layers: [] };
  return [changed(base, list, (layers) => layers.splice(index + 1, 0, layer)), `${list}/${index + 1}`];
}

/** The body with a layer one place up (-1) or down (1) in its list; null where there is no such place. */
export function moved(body, pointer, by) {
  const [list, index] = place(pointer);
  const to = index + by;
  if (to < 0 || to >= at(body, list).length) return null;
  const next = changed(body, list, (layers) => layers.splice(to, 0, layers.splice(index, 1)[0]));
  return [next, `${list}/${to}`];
}

/** Every layer and block in the order of the text: {pointer, depth, item}. */
export function* walk(body, pointer = "", depth = 0) {
  const layers = body?.[LAYERS];
  if (!Array.isArray(layers)) return;
  for (const [index, item] of layers.entries()) {
    const here = `${pointer}/${LAYERS}/${index}`;
    yield { pointer: here, depth, item };
    if (item && typeof item === "object") yield* walk(item, here, depth + 1);
  }
}

/** A network as JSON with one layer a line; app/pages/shapes/asked.py writes the same. */
export function textOf(body) {
  return `${written(body, "")}\n`;
}

function written(item, indent) {
  if (!Array.isArray(item?.[LAYERS])) return inline(item);
  const inner = `${indent}  `;
  const parts = Object.entries(item)
    .filter(([key]) => key !== LAYERS)
    .map(([key, value]) => `${JSON.stringify(key)}: ${inline(value)}`);
  const lines = item[LAYERS].map((layer) => `${inner}  ${written(layer, `${inner}  `)}`).join(",\n");
  if (indent) return `{${[...parts, `"${LAYERS}": [`].join(", ")}\n${lines}\n${inner}]}`;
  return `{\n${[...parts.map((part) => `  ${part}`), `  "${LAYERS}": [\n${lines}\n  ]`].join(",\n")}\n}`;
}

/** JSON on one line, a blank after every comma and colon. */
function inline(value) {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (value && typeof value === "object") {
    return `{${Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${inline(inner)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}
