/* What changes when a symbol doubles: read by REST, shown as before, after and how many times. */

import { byId, element } from "../dom.js";
import { ask } from "../rest.js";
import { typeset } from "../typeset.js";

/** The table of a symbol's doubling; `changed` is called when another symbol is chosen. */
export class Scaling {
  constructor(endpoint, changed) {
    this.endpoint = endpoint;
    this.select = byId("grows");
    this.select.addEventListener("change", changed);
  }

  /** Read the doubling of the chosen symbol in this network, or hide the table where there is none. */
  async draw(body, names, signal) {
    const chosen = names.includes(this.select.value) ? this.select.value : names.includes("NF") ? "NF" : names[0];
    this.select.replaceChildren(...names.map((name) => element("option", {}, name)));
    byId("scaling-section").hidden = !chosen;
    if (!chosen) return;
    this.select.value = chosen;
    const read = await ask(`${this.endpoint}/scaling?${new URLSearchParams({ symbol: chosen })}`, body, signal);
    const titles = new Map([...document.querySelectorAll("dd[data-total]")].map((dd) => [dd.dataset.total, dd.previousElementSibling.textContent]));
    byId("scaling").replaceChildren(...Object.entries(read.totals).map(([name, change]) => element(
      "tr",
      {},
      element("th", { scope: "row" }, titles.get(name) ?? name),
      ...[typeset(change.before), typeset(change.after), change.reading].map((text) => element("td", { class: "is-number" }, text)),
    )));
    byId("scaling-note").textContent = read.conditions.length ? `As long as ${read.conditions.join(", ")}.` : "";
  }
}
