/* The fields of the chosen line: made from the catalogue, read back into the body at every stroke. */

import { byId, element } from "../dom.js";
import { catalogue, fresh } from "./catalogue.js";
import { at, layerOf } from "./tree.js";
import { fromField, toField } from "./values.js";


/**
 * The panel of the chosen line. `act` gets what the reader does: change(pointer, item), input(shape, batch),
 * move(pointer, by), copy(pointer), remove(pointer).
 */
export class Editor {
  constructor(endpoint, act) {
    this.panel = byId("editor");
    this.endpoint = endpoint;
    this.act = act;
    this.line = null;
  }

  /** Show the fields of a line; the catalogue is fetched with the first. */
  async show(line, body) {
    this.line = line;
    let types;
    try {
      types = await catalogue(this.endpoint);
    } catch {
      return; // the line can still be edited as text
    }
    if (this.line !== line) return;
    const item = at(body, line.pointer);
    const inside = { input: () => this.input(body), block: () => this.block(item), layer: () => this.layer(item, types) };
    this.panel.replaceChildren(...inside[line.kind]());
    this.panel.hidden = false;
  }

  /** Put a problem beside the field it is about; false where no field here is. */
  blame(pointer, detail) {
    for (const notice of this.panel.querySelectorAll(".notice")) notice.remove();
    for (const field of this.panel.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    if (!pointer || !this.line || layerOf(pointer) !== layerOf(this.line.pointer)) return false;
    const rest = pointer.slice(this.line.pointer.length).split("/")[1] ?? "";
    const field = this.panel.querySelector(`[data-argument="${CSS.escape(rest)}"]`);
    if (!field) return false;
    const more = field.closest("details");
    if (more) more.open = true;
    field.setAttribute("aria-invalid", "true");
    field.parentElement.append(element("p", { class: "notice" }, detail));
    return true;
  }

  layer(item, types) {
    const known = types.get(item.type)?.arguments ?? [];
    const needed = known.filter(({ name, required }) => required || name in item);
    const others = known.filter((argument) => !needed.includes(argument));
    const type = byId("add-type").cloneNode(true);
    type.id = "edit-type";
    type.value = item.type;
    type.addEventListener("change", () => this.retype(type.value, types));
    return [
      element("h2", { class: "sight-name" }, "Edit ", this.line.name),
      line("type", type),
      this.field(item, { name: "name", kind: "letters, digits, _ . -" }, this.line.short),
      this.field(item, { name: "inputs", kind: "names, separated by commas" }, "the layer before", "reads"),
      ...needed.map((argument) => this.field(item, argument)),
      others.length
        ? element("details", {}, element("summary", {}, "More arguments"), ...others.map((argument) => this.field(item, argument)))
        : null,
      this.actions(),
    ].filter(Boolean);
  }

  block(item) {
    return [
      element("h2", { class: "sight-name" }, "Edit block ", this.line.name),
      this.field(item, { name: "name", kind: "letters, digits, _ . -" }, this.line.short),
      this.field(item, { name: "inputs", kind: "one name" }, "the layer before", "reads"),
      this.field(item, { name: "repeat", kind: "how many times" }, "once"),
      this.actions(),
    ];
  }

  input(body) {
    const named = Array.isArray(body.input) ? { input: body.input } : { ...body.input };
    const shapes = Object.entries(named).map(([name, shape]) => {
      const field = element("input", { type: "text", id: `edit-shape-${name}`, "data-argument": name, value: toField(shape), autocomplete: "off" });
      field.addEventListener("input", () => {
        const read = fromField(field.value) ?? [];
        named[name] = Array.isArray(read) ? read : [read];
        this.act.input(Array.isArray(body.input) ? named.input : { ...named }, undefined);
      });
      return line(name, field, "shape of one sample");
    });
    const batch = element("input", { type: "text", id: "edit-batch", "data-argument": "batch", value: toField(body.batch), placeholder: "1", autocomplete: "off" });
    batch.addEventListener("input", () => this.act.input(undefined, fromField(batch.value) ?? 1));
    const note = element("p", { class: "field-note" }, "Channels first, without the batch; sizes may be symbols: NIC, H, W.");
    return [element("h2", { class: "sight-name" }, "Edit the input"), ...shapes, line("batch", batch, "scales the memory only"), note];
  }

  field(item, { name, kind, default: usual, required, inferred }, placeholder, label = name) {
    const words = [...String(kind).matchAll(/"([^"]+)"/g)].map((match) => match[1]);
    const choices = kind === "true or false" ? ["true", "false"] : /^"[^"]+"( or "[^"]+")*$/.test(kind) ? words : null;
    const standard = placeholder ?? (inferred ? "from the input" : required ? kind : toField(usual));
    const attributes = { id: `edit-${name}`, "data-argument": name, title: kind };
    const control = choices
      ? element("select", attributes, element("option", { value: "" }, standard), ...choices.map((choice) => element("option", {}, choice)))
      : element("input", { ...attributes, type: "text", placeholder: standard, autocomplete: "off", spellcheck: "false" });
    control.value = toField(item[name]);
    control.addEventListener("input", () => this.set(name, control.value));
    return line(label, control);
  }

  set(name, text) {
    const { [name]: _, ...rest } = this.act.item(this.line.pointer);
    const value = name === "name" ? text.trim() || undefined : fromField(text);
    const list = name === "inputs" && value !== undefined && !Array.isArray(value) ? [String(value)] : value;
    // A field that was there keeps its place among the others; a new one comes last.
    const item = this.act.item(this.line.pointer);
    const next = list === undefined ? rest : name in item ? { ...item, [name]: list } : { ...rest, [name]: list };
    this.act.change(this.line.pointer, next);
  }

  retype(type, types) {
    const item = this.act.item(this.line.pointer);
    const known = new Set((types.get(type)?.arguments ?? []).map(({ name }) => name));
    const kept = Object.entries(item).filter(([name]) => known.has(name) || name === "name" || name === "inputs");
    this.act.change(this.line.pointer, { ...fresh(type, types), ...Object.fromEntries(kept), type }, true);
  }

  actions() {
    const { pointer } = this.line;
    const button = (text, action) => {
      const made = element("button", { type: "button", class: "button" }, text);
      made.addEventListener("click", action);
      return made;
    };
    return element(
      "div",
      { class: "editor-actions" },
      button("Move up", () => this.act.move(pointer, -1)),
      button("Move down", () => this.act.move(pointer, 1)),
      button("Duplicate", () => this.act.copy(pointer)),
      button("Remove", () => this.act.remove(pointer)),
    );
  }
}

function line(text, control, note = "") {
  return element("div", { class: "editor-line" }, element("label", { for: control.id, title: note || null }, text), control);
}
