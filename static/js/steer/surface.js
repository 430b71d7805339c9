/* The picture as a surface to put hints on: by pointer, by touch, or by a cursor that the arrow keys move. */

import { byId, element } from "../dom.js";

const STEP = 0.02;
const SMALL_STEP = 0.005; // with Shift
const DRAG_PIXELS = 4; // less is a tap
const REACHED = 0.03; // a hint so near the cursor is the one that is meant
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const clamp = (value) => Math.min(1, Math.max(0, value));

/** The step that an arrow key asks for, as shares of the picture; null for any other key. */
export function arrowStep(event) {
  const direction = ARROWS[event.key];
  if (!direction || event.ctrlKey || event.metaKey || event.altKey) return null;
  const step = event.shiftKey ? SMALL_STEP : STEP;
  return direction.map((way) => way * step);
}

export class Surface {
  /** `open(place, hint)`, `move(id, place)`, `settle()`, `remove(id)` and `cursorAt(place, hint)` are told what is done. */
  constructor(told) {
    this.told = told;
    this.layer = byId("hint-layer");
    this.surface = byId("hint-surface");
    this.cursor = byId("hint-cursor");
    this.reach = byId("hint-reach");
    this.place = { x: 0.5, y: 0.5 };
    this.hints = [];
    this.markers = new Map();
    this.surface.addEventListener("click", (event) => {
      if (event.detail === 0) return; // a key, which keydown has seen
      this.place = this.placeOf(event);
      this.put(this.cursor, this.place);
      told.open(this.place, null);
    });
    this.surface.addEventListener("keydown", (event) => this.pressed(event));
  }

  /** Draw the hints; `open` is the hint or the empty place that the card is about. */
  draw(hints, open) {
    this.hints = hints;
    const ids = new Set(hints.map((hint) => hint.id));
    for (const [id, marker] of this.markers) {
      if (ids.has(id)) continue;
      marker.remove();
      this.markers.delete(id);
    }
    hints.forEach((hint, index) => {
      const marker = this.markers.get(hint.id) ?? this.marker(hint.id);
      this.put(marker, hint);
      marker.style.setProperty("--hint", hint.color);
      marker.dataset.number = String(index + 1);
      marker.classList.toggle("is-open", open?.id === hint.id);
    });
    this.reach.hidden = !open;
    if (!open) return;
    this.put(this.reach, open);
    const { width, height } = this.layer.getBoundingClientRect();
    this.reach.style.setProperty("--reach", `${2 * (open.radius ?? 0.02) * Math.min(width, height)}px`);
    this.reach.classList.toggle("is-new", open.id === undefined);
  }

  /** Where a place is in the window. */
  at({ x, y }) {
    const box = this.layer.getBoundingClientRect();
    return { x: box.left + x * box.width, y: box.top + y * box.height };
  }

  focus() {
    this.surface.focus({ preventScroll: true });
  }

  marker(id) {
    const marker = element("span", { class: "hint-marker", "data-id": id });
    marker.addEventListener("pointerdown", (event) => this.grab(event, id, marker));
    this.layer.append(marker);
    this.markers.set(id, marker);
    return marker;
  }

  grab(event, id, marker) {
    if (event.button !== 0) return;
    event.preventDefault();
    marker.setPointerCapture(event.pointerId);
    const [startX, startY] = [event.clientX, event.clientY];
    const hint = this.hints.find((each) => each.id === id);
    const box = this.layer.getBoundingClientRect();
    let dragging = false;
    const move = (moved) => {
      const [acrossBy, downBy] = [moved.clientX - startX, moved.clientY - startY];
      dragging ||= Math.hypot(acrossBy, downBy) > DRAG_PIXELS;
      if (!dragging) return;
      this.place = { x: clamp(hint.x + acrossBy / box.width), y: clamp(hint.y + downBy / box.height) };
      this.told.move(id, this.place);
    };
    const end = (ended) => {
      marker.removeEventListener("pointermove", move);
      marker.removeEventListener("pointerup", end);
      marker.removeEventListener("pointercancel", end);
      if (dragging) this.told.settle();
      else if (ended.type === "pointerup") this.told.open(null, this.hints.find((each) => each.id === id));
    };
    marker.addEventListener("pointermove", move);
    marker.addEventListener("pointerup", end);
    marker.addEventListener("pointercancel", end);
  }

  pressed(event) {
    const step = arrowStep(event);
    if (step) {
      event.preventDefault();
      this.place = { x: clamp(this.place.x + step[0]), y: clamp(this.place.y + step[1]) };
      this.put(this.cursor, this.place);
      this.told.cursorAt(this.place, this.near());
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const hint = this.near();
      this.told.open(hint ? null : this.place, hint);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      const hint = this.near();
      if (!hint) return;
      event.preventDefault();
      this.told.remove(hint.id);
    }
  }

  near() {
    const { width, height } = this.layer.getBoundingClientRect();
    const [wide, high] = [width, height].map((side) => side / Math.min(width, height));
    const far = (hint) => Math.hypot((hint.x - this.place.x) * wide, (hint.y - this.place.y) * high);
    const nearest = this.hints.reduce((best, hint) => (best && far(best) <= far(hint) ? best : hint), null);
    return nearest && far(nearest) <= REACHED ? nearest : null;
  }

  placeOf(event) {
    const box = this.layer.getBoundingClientRect();
    return { x: clamp((event.clientX - box.left) / box.width), y: clamp((event.clientY - box.top) / box.height) };
  }

  put(thing, { x, y }) {
    thing.style.setProperty("left", `${100 * x}%`);
    thing.style.setProperty("top", `${100 * y}%`);
  }
}
