/* The symbols of a network: a field for the value of each, and whether the values are put in. */

import { byId, element } from "../dom.js";
import { fromField, toField } from "./values.js";

/** The line of symbols; `act.values(substitute)` and `act.free(on)` tell what the reader does. */
export class Symbols {
  constructor(act) {
    this.act = act;
    this.free = byId("free");
    this.free.addEventListener("change", () => act.free(this.free.checked));
    this.list = byId("symbol-list");
    this.list.addEventListener("input", () => act.values(this.values()));
  }

  /** Show fields for these symbols; fields that are there already are left to whoever types in them. */
  draw(left, given) {
    const names = [...new Set([...left, ...Object.keys(given ?? {})])].sort();
    const here = this.fields().map(({ name }) => name);
    if (here.join() !== names.map((name) => `value.${name}`).join()) {
      this.list.replaceChildren(...names.map((name) => field(name, given?.[name])));
    }
    for (const input of this.fields()) {
      if (input !== document.activeElement) input.value = toField(given?.[input.name.slice("value.".length)]);
    }
    byId("symbols").hidden = names.length === 0;
    return names;
  }

  values() {
    const values = {};
    for (const input of this.fields()) {
      const value = fromField(input.value);
      if (value !== undefined) values[input.name.slice("value.".length)] = value;
    }
    return values;
  }

  fields() {
    return [...this.list.querySelectorAll("input")];
  }
}

function field(name, value) {
  const input = element("input", { type: "text", name: `value.${name}`, placeholder: name, inputmode: "numeric", autocomplete: "off", value: toField(value) });
  return element("label", { class: "symbol" }, element("span", {}, `${name} =`), input);
}
