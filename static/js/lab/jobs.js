/* The list of jobs: it looks again while any of them has not ended, and filters as one chooses. */

import { byId } from "../dom.js";

const LOOK_AFTER = 2000;

byId("filter").addEventListener("change", () => byId("filter").requestSubmit());

async function look() {
  const list = document.querySelector("#jobs[data-moving]");
  if (!list) return;
  if (document.visibilityState === "visible") {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (response?.ok) {
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const row of fresh.querySelectorAll("#jobs [data-job]")) {
        const old = list.querySelector(`[data-job="${row.dataset.job}"]`);
        // Cell by cell, so that what is ticked or focused stays.
        if (old) for (const [at, cell] of [...row.cells].entries()) if (at > 1) old.cells[at].replaceWith(cell.cloneNode(true));
      }
      if (!fresh.querySelector("#jobs[data-moving]")) list.removeAttribute("data-moving");
    }
  }
  setTimeout(look, LOOK_AFTER);
}

setTimeout(look, LOOK_AFTER);
