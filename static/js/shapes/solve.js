/* The solver: sliders beside the fields, and every change asked again. */

import { byId } from "../dom.js";
import { Live } from "./live.js";

const solver = byId("solver");
const live = new Live(solver, { said: "Solved." });
const block = new Live(byId("block"), { said: "Solved." });

for (const setting of document.querySelectorAll("[data-setting]")) tie(setting);
byId("type").addEventListener("input", fit);
solver.addEventListener("input", ({ target }) => (target.matches("select, [data-solve]") ? live.now() : live.later()));
byId("block").addEventListener("input", () => block.later());
fit();

/** A slider and the field beside it say the same; a list of sizes has no slider. */
function tie(setting) {
  const slider = setting.querySelector("[data-slider]");
  const number = setting.querySelector("[data-number]");
  const solve = setting.querySelector("[data-solve]");
  const fill = () => slider.style.setProperty("--fill", String((slider.value - slider.min) / (slider.max - slider.min)));
  const follow = () => {
    if (/^\s*\d+\s*$/.test(number.value)) slider.value = number.value.trim();
    fill();
  };
  slider.addEventListener("input", () => {
    number.value = slider.value;
    fill();
  });
  number.addEventListener("input", follow);
  solve?.addEventListener("input", () => {
    for (const part of [slider, number]) part.hidden = solve.checked;
    number.disabled = solve.checked;
    setting.querySelector("[data-sought]").hidden = !solve.checked;
  });
  if (solve) number.disabled = solve.checked;
  follow();
}

/** Only the arguments that the layer type has are shown, and sent. */
function fit() {
  const has = byId("type").selectedOptions[0]?.dataset.has.split(" ") ?? [];
  for (const row of solver.querySelectorAll("[data-argument]")) {
    const fits = has.includes(row.dataset.argument);
    row.hidden = !fits;
    const solve = row.querySelector("[data-solve]");
    solve.disabled = !fits;
    row.querySelector("[data-number]").disabled = !fits || solve.checked;
  }
}
