/* Two networks compared as they are typed or chosen. */

import { byId } from "../dom.js";
import { Live } from "./live.js";

const form = byId("comparison");
const live = new Live(form, { said: "Compared." });

form.addEventListener("input", (event) => {
  const { side } = event.target.dataset;
  if (event.target.matches("textarea")) {
    byId(`from-${side}`).value = "";
    byId(`preset-${side}`).value = "";
    live.later();
  } else if (event.target.matches("select") && event.target.value) {
    byId(`from-${side}`).value = event.target.value;
    byId(`text-${side}`).value = "";
    live.now();
  }
});
