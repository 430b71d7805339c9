/* Colours that a person knows better: hints on the picture and the candidate beneath them, each step revocable. */

import { difference, nameOf } from "../colours.js";
import { byId, debounced } from "../dom.js";
import { Card } from "./card.js";
import { History } from "./history.js";
import { List, placeText } from "./list.js";
import { clamp, Surface } from "./surface.js";

const RADIUS = 0.02; // as the service takes it where none is given
const MOVED_MS = 200;
const SPOKEN_MS = 350;
const VISIBLY = 8; // steps of a channel by which a shown colour differs from the one asked for
const LONGEST_LINK = 1500;

export class Steering {
  /** `ask()` is told that the colours are to be another; `likely` as for Card. */
  constructor({ ask, likely, most }) {
    this.ask = ask;
    this.most = most;
    this.enabled = false;
    this.history = new History({ candidate: 0, hints: [] });
    this.nextId = 1;
    this.shown = new Map();
    this.at = null; // what the card is about: {id} of a hint, or {x, y, radius} of a place that has none
    this.radius = RADIUS;
    this.surface = new Surface({
      open: (place, hint) => this.open(hint ?? place, () => this.surface.focus()),
      move: (id, place) => this.edit(id, place, `move ${id}`),
      settle: () => this.history.settle(),
      remove: (id) => this.remove(id),
      cursorAt: (place, hint) => this.sayPlace(place, hint),
    });
    this.list = new List({
      open: (hint, opener) => this.open(hint, opener),
      nudge: (id, [across, down]) => {
        const hint = this.hint(id);
        this.edit(id, { x: clamp(hint.x + across), y: clamp(hint.y + down) }, `nudge ${id}`);
        this.sayPlace(this.hint(id), null);
      },
      remove: (id) => this.remove(id),
    });
    this.card = new Card({
      likely,
      choose: (color, key) => this.choose(color, key),
      reach: (radius) => this.reach(radius),
      remove: () => this.at?.id && this.remove(this.at.id),
      resized: () => this.place(),
      closed: () => {
        this.at = null;
        this.history.settle();
        this.draw();
      },
    });
    this.suggestLater = debounced(() => this.at && this.card.suggest(this.subject, this.at.id), MOVED_MS);
    this.sayPlace = debounced((place, hint) => {
      this.say(hint ? `${placeText(place)}, at the hint ${nameOf(hint.color)}` : placeText(place));
    }, SPOKEN_MS);
    byId("hint-undo").addEventListener("click", () => this.step("undo"));
    byId("hint-redo").addEventListener("click", () => this.step("redo"));
    byId("hint-clear").addEventListener("click", () => this.clear());
    for (const view of ["compare", "steer"]) {
      byId(`view-${view}`).addEventListener("click", () => this.view(view === "steer"));
    }
    document.addEventListener("keydown", (event) => this.shortcut(event));
    addEventListener("resize", () => this.card.isOpen && this.place());
    this.draw();
  }

  get hints() {
    return this.history.state.hints;
  }

  get candidate() {
    return this.history.state.candidate;
  }

  /** Begin a picture with these hints and candidate; returns its history, to go back to. */
  start(hints = [], candidate = 0) {
    return this.resume(new History({ candidate, hints: hints.map((hint) => this.made(hint)) }));
  }

  /** Go on with a picture's history. */
  resume(history) {
    this.card.close({ quietly: true });
    this.shown.clear();
    this.history = history;
    this.draw();
    return history;
  }

  /** Whether the network can be steered at all; the page says so of one that cannot. */
  enable(can) {
    this.enabled = can;
    byId("view-steer").setAttribute("aria-disabled", String(!can));
    if (!can) this.view(false);
  }

  /** Look at the picture to compare it (`false`) or to put hints on it (`true`). */
  view(steer) {
    const on = steer && this.enabled;
    if (steer && !on) this.say(byId("steer-note").textContent.trim());
    byId("compare").classList.toggle("is-steering", on);
    byId("hint-layer").hidden = !on;
    byId("steer").hidden = !on;
    byId("view-steer").setAttribute("aria-pressed", String(on));
    byId("view-compare").setAttribute("aria-pressed", String(!on));
    if (!on) this.card.close();
    this.draw();
  }

  /** The form fields of POST /colorize, and the ids of the hints in the order in which they are sent. */
  fields(without = null) {
    if (!this.enabled) return { candidate: "", hints: "" };
    const hints = this.hints.filter((hint) => hint.id !== without);
    return {
      candidate: this.candidate ? String(this.candidate) : "",
      hints: hints.length ? JSON.stringify(hints.map(({ x, y, color, radius }) => ({ x, y, color, radius }))) : "",
    };
  }

  /** As a link carries it; nothing where it would be too long for one. */
  link() {
    const number = (value) => String(Number(value.toFixed(4)));
    const text = this.hints
      .map(({ x, y, color, radius }) => [number(x), number(y), color.slice(1), ...(radius === RADIUS ? [] : [number(radius)])].join(","))
      .join(";");
    return { candidate: this.candidate ? String(this.candidate) : "", hints: text.length <= LONGEST_LINK ? text : "" };
  }

  /** What the service said of the hints `sent`: how their colours look where they were put. */
  told(sent, answered) {
    this.shown = new Map();
    answered.forEach(({ color, shown }, index) => {
      if (sent[index] && difference(color, shown) > VISIBLY) this.shown.set(sent[index].id, shown);
    });
    this.draw();
  }

  /** Another candidate; the hints stay. */
  decide(candidate) {
    if (candidate === this.candidate) return;
    this.change({ candidate, hints: this.hints });
  }

  open(target, opener) {
    this.history.settle();
    if (target.id === undefined && this.hints.length >= this.most) {
      this.say(`There are ${this.most} hints already; no more are taken.`);
      return;
    }
    this.at = target.id === undefined ? { x: target.x, y: target.y, radius: this.radius } : { id: target.id };
    this.card.open(opener);
    this.draw();
    this.card.suggest(this.subject, this.at.id);
  }

  choose(color, key) {
    if (!this.at) return;
    if (this.at.id === undefined) {
      const hint = this.made({ ...this.at, color });
      this.at = { id: hint.id };
      this.change({ candidate: this.candidate, hints: [...this.hints, hint] }, key && `${key} ${hint.id}`);
    } else {
      this.edit(this.at.id, { color }, key && `${key} ${this.at.id}`);
    }
    this.say(`Hint ${this.number(this.at.id)}: ${nameOf(color)}.`);
  }

  reach(radius) {
    this.radius = radius;
    if (this.at?.id !== undefined) this.edit(this.at.id, { radius }, `reach ${this.at.id}`);
    else if (this.at) {
      this.at = { ...this.at, radius };
      this.draw();
    }
  }

  edit(id, changes, key) {
    const hints = this.hints.map((hint) => (hint.id === id ? { ...hint, ...changes } : hint));
    this.shown.delete(id);
    this.change({ candidate: this.candidate, hints }, key);
    if (this.at?.id === id && changes.x !== undefined) this.suggestLater();
  }

  remove(id) {
    const number = this.number(id);
    this.change({ candidate: this.candidate, hints: this.hints.filter((hint) => hint.id !== id) });
    if (this.at?.id === id) this.card.close();
    this.say(`Hint ${number} removed.`);
  }

  clear() {
    if (!this.hints.length) return;
    this.card.close();
    this.change({ candidate: this.candidate, hints: [] });
    this.say("All hints removed. Undo brings them back.");
  }

  step(way) {
    if (!this.history[way]()) return;
    if (this.at?.id !== undefined && !this.hint(this.at.id)) this.card.close();
    this.draw();
    this.ask();
    this.say(way === "undo" ? `Undone; ${count(this.hints)}.` : `Done again; ${count(this.hints)}.`);
  }

  shortcut(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || byId("steer").hidden) return;
    if (event.target.matches?.("textarea, input:not([type=range], [type=color], [type=radio], [type=checkbox])")) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    this.step(key === "y" || event.shiftKey ? "redo" : "undo");
  }

  change(state, key = null) {
    this.history.change(state, key);
    this.draw();
    this.ask();
  }

  draw() {
    const open = this.at && this.subject;
    this.surface.draw(this.hints, open);
    this.list.draw(this.hints, this.shown);
    if (open && this.card.isOpen) {
      this.card.show(open, this.number(this.at.id), this.shown.get(this.at.id));
      this.place();
    }
    // Not `disabled`, which would drop the focus of who presses it again and again.
    byId("hint-undo").setAttribute("aria-disabled", String(!this.history.past.length));
    byId("hint-redo").setAttribute("aria-disabled", String(!this.history.future.length));
    byId("hint-clear").setAttribute("aria-disabled", String(!this.hints.length));
  }

  place() {
    this.card.beside(this.surface.at(this.subject));
  }

  /** The hint, or the empty place, that the card is about. */
  get subject() {
    return this.at.id === undefined ? this.at : this.hint(this.at.id);
  }

  hint(id) {
    return this.hints.find((hint) => hint.id === id);
  }

  number(id) {
    return this.hints.findIndex((hint) => hint.id === id) + 1;
  }

  made({ x, y, color, radius }) {
    this.nextId += 1;
    return { id: this.nextId, x, y, color: color.toLowerCase(), radius: radius ?? RADIUS };
  }

  say(text) {
    byId("hint-status").textContent = text;
  }
}

function count(hints) {
  return hints.length === 1 ? "1 hint" : `${hints.length || "no"} hints`;
}
