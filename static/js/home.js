/* The home page: a picture comes in, its colour comes back, and every setting asks again. */

import { colorize, likelyColours, preview } from "./api.js";
import { Compare } from "./compare.js";
import { byId, debounced } from "./dom.js";
import { listen, samples } from "./intake.js";
import { clear, placeOf, slotsIn, tell } from "./problems.js";
import { Refusal } from "./rest.js";
import { listenToSettings, settings, shareable } from "./settings.js";
import { fileSize, outputName, percent, sourceLine, timingLine } from "./words.js";

const SETTLE_MS = 250;
const STEERED_MS = 40; // a hint is one decision, not a slider's way
const WHOLE_MS = 800; // after the last hint, a large picture is coloured at its full size
const LARGE_SIDE = 1600; // pixels; larger pictures are steered by a reduced one
const QUICK_SIDE = 1280;
const CANCEL_AFTER_MS = 700;
const UNSHOWABLE = new Refusal({
  title: "The result cannot be shown",
  detail: "This browser could not show the picture that came back. Choose another format under “Save as”.",
});
const STEERING_MISSING = new Refusal({
  title: "No answer",
  detail: "A part of this page could not be loaded. Check the connection, then try again.",
});
const SAMPLE_MISSING = new Refusal({
  title: "No answer",
  detail: "The sample could not be loaded. Check the connection, then try again.",
});

const form = byId("studio");
const stage = byId("stage");
const slots = slotsIn(form);
const compare = new Compare();

let picture = null; // {file, sample, history} on the stage, coloured or still gray
let latest = null; // the last that came in, if it is not on the stage yet
let shown = null; // {picture, answer}: the last that was coloured
let spared = ""; // slot of a problem that the next answer does not settle
let steerable = false; // whether the chosen network takes hints
let steering = null; // loaded with the first picture, as are the alternatives
let alternatives = null;
let running = null; // AbortController of the request under way

const rerun = debounced(() => run(), SETTLE_MS);
const runSteered = debounced(() => run({ quick: isLarge() }), STEERED_MS);
const runWhole = debounced(() => run(), WHOLE_MS);
let given = JSON.parse(form.dataset.steering); // what the address says, for the first picture
const sampleButtons = samples(take, () => refuse(SAMPLE_MISSING));
listen(take);
listenToSettings({ ask: () => picture && rerun(), show: showUnsure, steerable: enable });
byId("another").addEventListener("click", () => byId("image").click());
byId("cancel").addEventListener("click", cancel);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (picture) run();
});
if (form.dataset.sample) sampleButtons.press(form.dataset.sample);

/** What steers the colours: loaded when there is a picture to steer. */
async function loadSteering() {
  const [{ Steering }, { Alternatives }] = await Promise.all([
    import("./steer/steering.js"),
    import("./steer/alternatives.js"),
  ]);
  if (steering) return;
  steering = new Steering({
    most: Number(form.dataset.mostHints),
    ask: () => {
      alternatives.mark(steering.candidate);
      if (picture) runSteered();
    },
    likely: ({ x, y }, id, signal) => {
      const fields = { ...settings(picture.file), ...steering.fields(id) };
      return likelyColours(form.dataset.endpoint, picture.file, fields, { x, y }, signal);
    },
  });
  alternatives = new Alternatives({
    choose: (candidate) => steering.decide(candidate),
    preview: (fields, side, signal) => preview(form.dataset.endpoint, picture.file, fields, side, signal),
  });
  steering.enable(steerable);
}

function enable(can) {
  steerable = can;
  byId("steer-note").hidden = can;
  steering?.enable(can);
}

/** A new picture: shown in gray at once, then coloured. */
async function take(file, sample = "") {
  rerun.cancel();
  const limit = Number(form.dataset.maxBytes);
  if (file.size > limit) {
    const detail = `${fileSize(file.size)} is more than the ${fileSize(limit)} this service takes`;
    refuse(new Refusal({ status: 413, title: "Picture too large", detail }));
    return;
  }
  const mine = { file, sample };
  latest = mine;
  try {
    await loadSteering();
  } catch {
    refuse(STEERING_MISSING);
    return;
  }
  if (latest !== mine) return; // another came meanwhile
  put(mine);
  run();
}

/** Ask for the colour of the picture on the stage; a picture that is new is revealed, not just replaced. */
async function run({ quick = false } = {}) {
  running?.abort();
  for (const later of [rerun, runSteered, runWhole]) later.cancel();
  alternatives.pause();
  const mine = new AbortController();
  running = mine;
  clear(new Map([...slots].filter(([name]) => name !== spared)));
  spared = "";
  showWorking();
  const sent = steering.hints;
  const chosen = settings(picture.file);
  const query = steering.enabled ? { include: "uncertainty,candidates" } : {};
  if (quick) query.preview = QUICK_SIDE;
  try {
    const fields = { ...chosen, ...steering.fields() };
    const answer = await colorize(form.dataset.endpoint, picture.file, fields, mine.signal, query);
    if (running !== mine) return;
    const reveal = shown?.picture !== picture;
    shown = { picture, answer, chosen, whole: !quick };
    await show({ reveal });
    if (running !== mine) return;
    steering.told(sent, answer.hints);
    offerAlternatives();
    shareable(picture.sample, steering.link());
    if (quick) runWhole();
  } catch (error) {
    if (running !== mine || error.name === "AbortError") return;
    const refusal = error instanceof Refusal ? error : UNSHOWABLE;
    if (placeOf(refusal) === "image") goBack(); // this picture will never do; any other cause may pass
    refuse(refusal);
    if (placeOf(refusal) === "candidate" && steering.candidate) {
      spared = "candidate"; // said while its first choice is shown instead
      steering.decide(0);
    }
  } finally {
    if (running === mine) stopWorking();
  }
}

function put(next) {
  picture = next;
  if (!next.history) {
    next.history = steering.start(given.hints, given.candidate);
    given = {};
    alternatives.clear();
  } else {
    steering.resume(next.history);
  }
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
  if (shown.whole) {
    link.href = compare.url("download", answer.image);
    link.download = outputName(shown.picture.file.name, answer.image.type);
    link.removeAttribute("aria-disabled");
  } else {
    link.removeAttribute("href");
    link.setAttribute("aria-disabled", "true");
  }
  byId("source").textContent = sourceLine(answer.source);
  announce("The colour is ready.", timingLine(answer));
}

function offerAlternatives() {
  const { answer, chosen } = shown;
  alternatives.offer(answer.candidates, steering.candidate, { ...chosen, format: "" }, answer.width / answer.height);
}

function isLarge() {
  return shown?.picture === picture && Math.max(shown.answer.width, shown.answer.height) > LARGE_SIDE;
}

/** What was last coloured stands on the stage again, or nothing. */
function goBack() {
  if (shown && shown.picture === picture) return;
  if (shown) {
    put(shown.picture);
    show({ reveal: false });
    offerAlternatives();
    return;
  }
  picture = null;
  steering.view(false);
  alternatives.clear();
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
  const map = wanted && shown?.picture === picture ? shown?.answer.uncertainty : null;
  const mean = await compare.showUnsure(map);
  const advice = steerable ? " A hint there helps most." : "";
  byId("unsure-words").textContent = map
    ? `The deeper the tint, the less sure the network is there, compared with the rest.${advice} Unsure on the whole: ${percent(mean)}.`
    : "";
}

/** Say `spoken` to those who listen, and write `written` under the picture for those who look. */
function announce(spoken, written = spoken) {
  byId("status").textContent = spoken;
  byId("timing").textContent = written;
}
