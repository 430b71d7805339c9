/* The home page: a picture comes in, its colour comes back, and every setting asks again. */

import { colorize } from "./api.js";
import { Compare } from "./compare.js";
import { byId, debounced } from "./dom.js";
import { listen, samples } from "./intake.js";
import { clear, placeOf, slotsIn, tell } from "./problems.js";
import { Refusal } from "./rest.js";
import { listenToSettings, settings, shareable } from "./settings.js";
import { fileSize, outputName, timingLine } from "./words.js";

const SETTLE_MS = 250;
const CANCEL_AFTER_MS = 700;
const UNSHOWABLE = new Refusal({
  title: "The result cannot be shown",
  detail: "This browser could not show the picture that came back. Choose another format under “Save as”.",
});
const SAMPLE_MISSING = new Refusal({
  title: "No answer",
  detail: "The sample could not be loaded. Check the connection, then try again.",
});

const form = byId("studio");
const stage = byId("stage");
const slots = slotsIn(form);
const compare = new Compare();

let picture = null; // {file, sample} on the stage, coloured or still gray
let shown = null; // {picture, answer}: the last that was coloured
let running = null; // AbortController of the request under way

const rerun = debounced(() => run(), SETTLE_MS);
const sampleButtons = samples(take, () => refuse(SAMPLE_MISSING));
listen(take);
listenToSettings({ ask: () => picture && rerun(), show: showUnsure });
byId("another").addEventListener("click", () => byId("image").click());
byId("cancel").addEventListener("click", cancel);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (picture) run();
});
if (form.dataset.sample) sampleButtons.press(form.dataset.sample);

/** A new picture: shown in gray at once, then coloured. */
function take(file, sample = "") {
  rerun.cancel();
  const limit = Number(form.dataset.maxBytes);
  if (file.size > limit) {
    const detail = `${fileSize(file.size)} is more than the ${fileSize(limit)} this service takes`;
    refuse(new Refusal({ status: 413, title: "Picture too large", detail }));
    return;
  }
  put({ file, sample });
  run();
}

/** Ask for the colour of the picture on the stage; a picture that is new is revealed, not just replaced. */
async function run() {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  clear(slots);
  showWorking();
  try {
    const answer = await colorize(form.dataset.endpoint, picture.file, settings(picture.file), mine.signal);
    if (running !== mine) return;
    const reveal = shown?.picture !== picture;
    shown = { picture, answer };
    await show({ reveal });
    shareable(picture.sample);
  } catch (error) {
    if (running !== mine || error.name === "AbortError") return;
    const refusal = error instanceof Refusal ? error : UNSHOWABLE;
    if (placeOf(refusal) === "image") goBack(); // this picture will never do; any other cause may pass
    refuse(refusal);
  } finally {
    if (running === mine) stopWorking();
  }
}

function put(next) {
  picture = next;
  sampleButtons.mark(next.sample);
  compare.showGray(next.file);
  byId("invitation").hidden = true;
  byId("bar").hidden = false;
  stage.classList.remove("is-empty");
}

async function show({ reveal }) {
  const { answer } = shown;
  await compare.showColour(answer.image, { reveal });
  await showUnsure();
  const link = byId("download");
  link.href = compare.url("download", answer.image);
  link.download = outputName(shown.picture.file.name, answer.image.type);
  link.removeAttribute("aria-disabled");
  announce("The colour is ready.", timingLine(answer));
}

/** What was last coloured stands on the stage again, or nothing. */
function goBack() {
  if (shown && shown.picture === picture) return;
  if (shown) {
    put(shown.picture);
    show({ reveal: false });
    return;
  }
  picture = null;
  sampleButtons.mark("");
  compare.hide();
  byId("invitation").hidden = false;
  byId("bar").hidden = true;
  stage.classList.add("is-empty");
}

function cancel() {
  running?.abort();
  stopWorking();
  goBack();
  announce("Cancelled.", shown ? timingLine(shown.answer) : "");
}

function showWorking() {
  const mine = running;
  byId("working").hidden = false;
  stage.setAttribute("aria-busy", "true");
  announce("Colouring…");
  setTimeout(() => {
    if (running === mine) byId("cancel").hidden = false;
  }, CANCEL_AFTER_MS);
}

function stopWorking() {
  running = null;
  byId("working").hidden = true;
  byId("cancel").hidden = true;
  stage.removeAttribute("aria-busy");
}

/** Say what went wrong where it can be seen: in the invitation while the stage is empty, under the picture else. */
function refuse(refusal) {
  clear(slots);
  const general = slots.get(picture ? "request" : "image");
  const visible = new Map([...slots, ["image", general], ["request", general]]);
  tell(refusal, { slots: visible, fallback: "request", retry: picture ? run : null });
  announce("", shown && shown.picture === picture ? timingLine(shown.answer) : "");
}

async function showUnsure() {
  const wanted = byId("show-unsure").checked;
  byId("unsure-key").hidden = !wanted;
  await compare.showUnsure(wanted && shown?.picture === picture ? shown?.answer.uncertainty : null);
}

/** Say `spoken` to those who listen, and write `written` under the picture for those who look. */
function announce(spoken, written = spoken) {
  byId("status").textContent = spoken;
  byId("timing").textContent = written;
}
