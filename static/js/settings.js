/* The settings of one picture: as fields of a request, and how a link carries them. */

import { byId } from "./dom.js";
import { listenToPanel, SLIDERS } from "./panel.js";

/**
 * Calls `ask()` when a setting changes the colour, `show()` when it changes only what is seen, and
 * `steerable(can)` when the network is another, and now.
 */
export function listenToSettings({ ask, show, steerable }) {
  byId("model").addEventListener("change", () => steerable(canSteer())); // known before it is asked
  listenToPanel(ask);
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
