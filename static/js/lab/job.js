/* The page of a job: its run, live. */

import { byId } from "../dom.js";
import { RunPanel } from "./run.js";

const status = byId("status");

new RunPanel(byId("stage"), {
  say: (text) => { status.textContent = text; },
  moved: (id) => history.replaceState(null, "", `/lab/jobs/${id}`),
});
