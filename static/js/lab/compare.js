/* Runs compared: charts from the figures on the page. */

import { apologise, Plot, whenSeen } from "./plots.js";

for (const place of document.querySelectorAll("[data-figure]")) {
  whenSeen(place, () => {
    const plot = new Plot(place);
    place.replaceChildren();
    plot.show(JSON.parse(document.getElementById(place.dataset.figure).textContent)).catch(() => apologise(place));
  });
}
