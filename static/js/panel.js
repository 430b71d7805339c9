/* The settings that pages which colour pictures share: what the sliders say, and what follows another network. */

import { byId } from "./dom.js";

export const SLIDERS = ["temperature", "saturation"];

/** Keep the panel's words right; `changed()` is told when a slider has moved, or the network is another. */
export function listenToPanel(changed = () => {}) {
  for (const id of SLIDERS) {
    const slider = byId(id);
    slider.addEventListener("input", () => {
      fill(slider);
      changed();
    });
    fill(slider);
  }
  const model = byId("model");
  model.addEventListener("change", () => {
    const { note, temperature } = model.selectedOptions[0].dataset;
    byId("model-note").textContent = note;
    byId("model-link").href = `/models/${model.value}`;
    // A temperature nobody touched follows the model's own.
    const slider = byId("temperature");
    if (Number(slider.value) === Number(slider.dataset.default)) slider.value = temperature;
    slider.dataset.default = temperature;
    fill(slider);
    changed();
  });
}

function fill(slider) {
  document.querySelector(`[data-output="${slider.id}"]`).value = Number(slider.value).toFixed(2);
  slider.style.setProperty("--fill", String((slider.value - slider.min) / (slider.max - slider.min)));
}
