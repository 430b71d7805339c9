/* A form whose page is asked again as one types: the answer is the page itself, and its live parts replace those here. */

import { byId, debounced, element } from "../dom.js";
import { answer, Refusal } from "../rest.js";

const SETTLE_MS = 250;
const SAID_BY_THE_PAGE = [413, 415, 422]; // refusals that the page itself puts into words

/**
 * Keeps a page up to date with its form, which works without script just as well.
 * Below `root`, parts marked `data-live` are taken over from the answer, of fields marked `data-copied` the value;
 * `after()` is called then. The address becomes that of the answer, so that a link shares it.
 */
export class Live {
  constructor(form, { root = form, after = () => {}, said = "Computed." } = {}) {
    this.form = form;
    this.root = root;
    this.after = after;
    this.said = said;
    this.running = null;
    this.later = debounced(() => this.now(), SETTLE_MS);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.now(event.submitter);
    });
  }

  /** Ask at once; the last that was asked wins. `submitter` is the button that was pressed, if any. */
  async now(submitter = null) {
    this.later.cancel();
    this.running?.abort();
    const mine = new AbortController();
    this.running = mine;
    try {
      const response = await this.fetch(new FormData(this.form, submitter), mine.signal);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (this.running !== mine) return;
      this.take(page);
      if (response.redirected || this.form.method === "get") history.replaceState(null, "", response.url);
      byId("status").textContent = this.root.querySelector("[data-live] [role=alert]")?.textContent.trim() || this.said;
    } catch (error) {
      if (error.name !== "AbortError" && this.running === mine) this.refuse(error);
    }
  }

  fetch(fields, signal) {
    const address = this.form.getAttribute("action").split("#")[0];
    const options = { signal, headers: { Accept: "text/html" } };
    const typed = this.form.enctype === "multipart/form-data" ? fields : new URLSearchParams(fields);
    return this.form.method === "get"
      ? answer(`${address}?${typed}`, options, SAID_BY_THE_PAGE)
      : answer(address, { ...options, method: "POST", body: typed }, SAID_BY_THE_PAGE);
  }

  take(page) {
    const parts = [...this.root.querySelectorAll("[data-live]")].map((part) => [part, page.getElementById(part.id)]);
    if (!parts.some(([, fresh]) => fresh)) throw new Refusal({ detail: page.querySelector("main p")?.textContent });
    byId("problem").hidden = true;
    for (const [part, fresh] of parts) if (fresh && !(part.dataset.live === "marks" && marked(part, fresh))) renew(part, fresh);
    for (const field of this.root.querySelectorAll("[data-copied]")) {
      const fresh = page.getElementById(field.id);
      if (fresh && field !== document.activeElement) field.value = fresh.value;
    }
    this.after();
  }

  refuse(error) {
    const again = element("button", { type: "button", class: "button" }, "Try again");
    again.addEventListener("click", () => this.now());
    const busy = error.status === 429 || error.status === 503;
    const why = busy ? "The service has too much to do just now. Nothing is lost." : error.message;
    byId("problem").replaceChildren(element("strong", {}, "No answer"), element("span", {}, why), again);
    byId("problem").hidden = false;
  }
}

/** Put a part in place of another; what has the focus, by id, keeps it. */
function renew(part, fresh) {
  const { activeElement } = document;
  const id = part.contains(activeElement) ? activeElement.id : "";
  part.replaceChildren(...document.importNode(fresh, true).childNodes);
  if (id) document.getElementById(id)?.focus();
}

/** Take over what marks the cells of a table, and leave its fields to whoever types in them; false if it has others. */
function marked(part, fresh) {
  const [cells, others] = [part, fresh].map((table) => [...table.querySelectorAll("td")]);
  const same = ([one, other]) => one.querySelector("input")?.name === other.querySelector("input")?.name;
  if (cells.length !== others.length || !cells.map((cell, i) => [cell, others[i]]).every(same)) return false;
  for (const [i, cell] of cells.entries()) {
    cell.className = others[i].className;
    cell.toggleAttribute("data-weight", "weight" in others[i].dataset);
    if ("weight" in others[i].dataset) cell.dataset.weight = others[i].dataset.weight;
    const field = cell.querySelector("input");
    if (field && field !== document.activeElement) field.value = others[i].querySelector("input").value;
  }
  return true;
}
