/* The panel: model, temperature, saturation, format; what they say, and how a link carries them. */

import { byId } from "./dom.js";

const SLIDERS = ["temperature", "saturation"];

/**
 * Calls `ask()` when a setting changes the colour, `show()` when it changes only what is seen, and
 * `steerable(can)` when the network is another, and now.
 */
export function listenToSettings({ ask, show, steerable }) {
  const model = byId("model");
  for (const id of SLIDERS) {
    const slider = byId(id);
    const update = () => {
      document.querySelector(`[data-output="${id}"]`).value = Number(slider.value).toFixed(2);
      slider.style.setProperty("--fill", String((slider.value - slider.min) / (slider.max - slider.min)));
    };
    slider.addEventListener("input", () => {
      update();
      ask();
    });
    slider.addEventListener("refill", update);
    update();
  }
  model.addEventListener("change", () => {
    const { note, temperature } = model.selectedOptions[0].dataset;
    byId("model-note").textContent = note;
    byId("model-link").href = `/models/${model.value}`;
    // A temperature nobody touched follows the model's own.
    const slider = byId("temperature");
    if (Number(slider.value) === Number(slider.dataset.default)) slider.value = temperature;
    slider.dataset.default = temperature;
    slider.dispatchEvent(new Event("refill"));
    steerable(canSteer());
    ask();
  });
  for (const id of ["restore", "format"]) byId(id).addEventListener("change", ask);
  byId("show-unsure").addEventListener("change", show);
  steerable(canSteer());
}

function canSteer() {
  return "steerable" in (byId("model").selectedOptions[0]?.dataset ?? {});
}

/** The form fields of POST /colorize as the panel stands. */
export function settings(picture) {
  // Browsers cannot show TIFF; PNG keeps the same depth.
  const tiff = picture.type === "image/tiff" || /\.tiff?$/i.test(picture.name ?? "");
  return {
    model: byId("model").value,
    temperature: byId("temperature").value,
    saturation: byId("saturation").value,
    restore: byId("restore").checked ? "true" : "",
    format: byId("format").value || (tiff ? "png" : ""),
  };
}

/** Put what differs from the defaults into the address, `steering` included, so that a link shares it. */
export function shareable(sample, steering) {
  const query = new URLSearchParams();
  if (sample) query.set("sample", sample);
  const model = byId("model");
  if (model.value !== model.dataset.default) query.set("model", model.value);
  for (const id of SLIDERS) {
    const slider = byId(id);
    if (Number(slider.value) !== Number(slider.dataset.default)) query.set(id, slider.value);
  }
  if (byId("restore").checked) query.set("restore", "true");
  for (const [name, value] of Object.entries(steering)) if (value) query.set(name, value);
  const text = query.toString();
  history.replaceState(null, "", text ? `?${text}` : location.pathname);
}
