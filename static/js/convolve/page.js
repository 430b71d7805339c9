/* Convolution by hand: grids to type in, an output to walk through, and the same kernel on a picture. */

import { byId } from "../dom.js";
import { copy } from "../shapes/link.js";
import { Live } from "../shapes/live.js";
import { Player } from "./player.js";
import { keys, spread } from "./typing.js";

const COPIED_MS = 1500;
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

const form = byId("convolution");
const filter = byId("filter");
const root = document.querySelector("main");
const live = new Live(form, { root, after: arrived });
const picture = new Live(filter, { root, after: filtered, said: "The picture is filtered." });
const player = new Player(() => move(1), () => Boolean(document.getElementById("step-next")?.dataset.step));

let follow = false; // whether the focus goes with the output that is looked at

form.addEventListener("input", ({ target }) => {
  if (target.matches("[data-load]")) load(target);
  else if (target.matches("select, [type=radio]")) live.now();
  else live.later();
});
form.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-step], a[data-row]");
  if (event.target.closest("#play")) player.toggle();
  else player.stop();
  if (!link) return;
  event.preventDefault();
  if (link.dataset.step) move(Number(link.dataset.step));
  else look(Number(link.dataset.row), Number(link.dataset.column));
});
byId("output").addEventListener("keydown", (event) => {
  const by = ARROWS[event.key];
  if (!by) return;
  event.preventDefault();
  follow = true;
  const [row, column] = here();
  look(row + by[0], column + by[1]);
});
for (const grid of ["image-grid", "kernel-grid"]) {
  byId(grid).addEventListener("keydown", keys);
  byId(grid).addEventListener("paste", (event) => spread(event, byId(grid)) && live.now());
}
filter.addEventListener("submit", ({ submitter }) => {
  if (submitter?.name !== "sample") return;
  byId("picture").value = "";
  press(submitter);
});
byId("picture").addEventListener("change", () => uploaded() && upload());
byId("values").addEventListener("input", () => (uploaded() ? upload() : picture.now(filter.querySelector(".sample[aria-pressed=true]"))));
byId("copy-link").addEventListener("click", copyLink);
rove();

/** A preset takes the place of a grid: as if its button without script had been pressed. */
function load(select) {
  if (!select.value) return;
  const button = form.querySelector(`button[name="load"][value="${select.dataset.load}"]`);
  for (const id of ["row", "column"]) byId(id).value = "0";
  live.now(button);
}

function here() {
  return [Number(byId("row").value), Number(byId("column").value)];
}

/** Look at an output; beyond the edges is none. */
function look(row, column) {
  if (!document.getElementById(`o.${row}.${column}`)) return;
  byId("row").value = String(row);
  byId("column").value = String(column);
  live.now();
}

/** Go so many outputs on, in the order of reading. */
function move(by) {
  const columns = byId("output").querySelector("tr").cells.length;
  const place = here()[0] * columns + here()[1] + by;
  look(Math.floor(place / columns), place % columns);
}

function arrived() {
  rove();
  player.show();
  if (follow) document.querySelector("#output [aria-current]")?.focus();
  follow = false;
  if (uploaded()) upload();
}

/** Only the output that is looked at is a stop for the tab key; arrows reach the others. */
function rove() {
  for (const link of byId("output").querySelectorAll("a")) link.tabIndex = link.hasAttribute("aria-current") ? 0 : -1;
}

/** Filter the uploaded picture. Until another is chosen, no sample is shown in its place. */
function upload() {
  press(null);
  byId("filtered").dataset.live = "";
  picture.now();
}

function filtered() {
  rove();
  player.show();
  if (uploaded()) delete byId("filtered").dataset.live;
}

function uploaded() {
  return byId("picture").files.length > 0;
}

/** Show which sample is chosen; none while an upload is. */
function press(pressed) {
  if (pressed) byId("filtered").dataset.live = "";
  for (const button of byId("pictures").querySelectorAll(".sample")) button.setAttribute("aria-pressed", String(button === pressed));
}

async function copyLink() {
  const button = byId("copy-link");
  if (!(await copy(location.href))) return;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy link"; }, COPIED_MS);
}
