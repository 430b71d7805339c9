/* The gallery of a batch: every picture appears when it is done. */

import { byId, element } from "../dom.js";
import { follow } from "../lab/events.js";

const SAID_EVERY = 10; // pictures

const head = byId("batch");
const { job, state } = head.dataset;
const total = Number(head.dataset.total);
const rest = `/api/v1/jobs/${job}`;
const say = (text) => { byId("status").textContent = text; };

if (["queued", "running"].includes(state)) watch();

byId("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(location.href);
    byId("copy").textContent = "Copied";
    setTimeout(() => { byId("copy").textContent = "Copy link"; }, 2000);
    say("The link is copied.");
  } catch {
    say("The link is in the address bar.");
  }
});

function watch() {
  follow(`${rest}/events`, {
    state: ({ state: now }) => {
      if (now === "running") head.querySelector(".state").textContent = "Colouring";
    },
    progress: ({ file }) => file && put(file),
    end: () => location.reload(), // to what can be done now; the pictures are in the browser's store
    broken: (isBroken) => head.classList.toggle("is-broken", isBroken),
    gone: () => location.reload(),
  });
}

function put(file) {
  const old = byId("gallery").querySelector(`[data-index="${file.index}"]`);
  if (old && !old.classList.contains("is-waiting")) return; // it was there when the page came
  old?.replaceWith(tile(file));
  const done = total - byId("gallery").querySelectorAll(".is-waiting").length;
  const problems = byId("gallery").querySelectorAll(".is-problem").length;
  byId("progress").value = done;
  byId("count").textContent = `${done} of ${total}`;
  byId("problems").textContent = `${problems} with a problem`;
  byId("problems").hidden = !problems;
  if (file.status === "problem") say(`${file.name}: ${file.problem.detail}`);
  else if (done % SAID_EVERY === 0) say(`${done} of ${total} pictures are done.`);
}

/** A picture as templates/batches/_parts.html has it. */
function tile(file) {
  const name = element("span", { class: "tile-name" }, file.name);
  const made = element("li", { class: `tile is-${file.status} is-new`, "data-index": file.index });
  if (file.status === "ok") {
    const here = `${rest}/files/${file.index}`;
    const picture = element("img", { src: `${here}?small=true`, width: file.width, height: file.height, alt: `${file.name}, in colour` });
    const more = element("span", { class: "visually-hidden" }, ` ${file.name}`);
    const take = element("a", { class: "button is-bare", href: here, download: file.output }, "Download", more);
    made.append(element("a", { class: "print", href: here }, picture), element("p", { class: "tile-line" }, name, " ", take));
  } else {
    made.append(
      element("p", { class: "print is-empty", "aria-hidden": "true" }, "!"),
      element("p", { class: "tile-line" }, name),
      element("p", { class: "tile-problem" }, file.problem.detail),
    );
  }
  return made;
}
