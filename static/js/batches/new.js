/* The form for many pictures: they are dropped or chosen, sent with their progress, and shown in a gallery. */

import { byId, element } from "../dom.js";
import { listenToPanel } from "../panel.js";
import { clear, slotsIn, tell } from "../problems.js";
import { Refusal } from "../rest.js";
import { fileSize } from "../words.js";
import { send } from "./send.js";

const MOST_SHOWN = 60; // small pictures before sending; every one of them is decoded by the browser
const PICTURES = /\.(jpe?g|png|webp|tiff?)$/i;

const form = byId("batch");
const tray = byId("tray");
const slots = slotsIn(form);
const limits = {
  files: Number(form.dataset.maxFiles),
  bytes: Number(form.dataset.maxBytes),
  file: Number(form.dataset.maxFileBytes),
};
const say = (text) => { byId("status").textContent = text; };

let chosen = [];
let urls = [];
let sending = null;

byId("images").addEventListener("change", () => {
  add([...byId("images").files]);
  byId("images").value = ""; // the same files may be chosen again
});
byId("empty").addEventListener("click", () => {
  chosen = [];
  show();
  byId("images").focus();
});
byId("stop").addEventListener("click", () => sending?.abort());
listenToDrops();
listenToPanel();
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!sending) run();
});
addEventListener("pageshow", (event) => event.persisted && stopSending());

/** Take files in; those that are no pictures by name are left to the service, which says why it refuses them. */
function add(files) {
  clear(slots);
  chosen.push(...files);
  show();
  if (!chosen.length) return;
  const problem = tooMuch();
  if (problem) refuse(problem);
  else say(`${chosen.length} pictures are chosen.`);
}

function tooMuch() {
  const total = chosen.reduce((sum, file) => sum + file.size, 0);
  if (chosen.length > limits.files) {
    return new Refusal({ title: "Too many pictures", detail: `${chosen.length} are chosen, and ${limits.files} are taken at once`, errors: [{ pointer: "/images", detail: `${chosen.length} are chosen, and ${limits.files} are taken at once` }] });
  }
  if (total > limits.bytes) {
    const detail = `${fileSize(total)} is more than the ${fileSize(limits.bytes)} that are taken at once`;
    return new Refusal({ title: "Too much at once", detail, errors: [{ pointer: "/images", detail }] });
  }
  return null;
}

function show() {
  for (const url of urls.splice(0)) URL.revokeObjectURL(url);
  const total = chosen.reduce((sum, file) => sum + file.size, 0);
  tray.classList.toggle("is-filled", chosen.length > 0);
  byId("chosen").hidden = !chosen.length;
  byId("choose").textContent = chosen.length ? "Add pictures" : "Choose pictures";
  byId("chosen-count").textContent = `${chosen.length} ${chosen.length === 1 ? "picture" : "pictures"}, ${fileSize(total)}`;
  const tiles = chosen.slice(0, MOST_SHOWN).map((file) => {
    const refused = file.size > limits.file;
    const name = element("span", { class: "name" }, refused ? `${file.name}: ${fileSize(file.size)} is too large` : file.name);
    return element("li", { class: refused ? "is-refused" : "" }, preview(file), name);
  });
  const more = chosen.length - MOST_SHOWN;
  if (more > 0) tiles.push(element("li", {}, element("span", { class: "blank" }), element("span", { class: "name" }, `and ${more} more`)));
  byId("chosen-list").replaceChildren(...tiles);
}

function preview(file) {
  const shows = /^image\/(jpeg|png|webp)$/.test(file.type) && file.size < limits.file;
  if (!shows) return element("span", { class: "blank" });
  const url = URL.createObjectURL(file);
  urls.push(url);
  const image = element("img", { src: url, alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(element("span", { class: "blank" })));
  return image;
}

async function run() {
  clear(slots);
  if (!chosen.length) {
    refuse(new Refusal({ title: "No pictures", errors: [{ pointer: "/images", detail: "Choose some pictures first." }] }));
    byId("images").focus();
    return;
  }
  const problem = tooMuch();
  if (problem) {
    refuse(problem);
    return;
  }
  sending = new AbortController();
  byId("sending").hidden = false;
  byId("go").disabled = true;
  say("Sending the pictures.");
  try {
    const job = await send(form.dataset.endpoint, body(), sending.signal, sent);
    location.assign(`/batch/${job.id}`);
  } catch (error) {
    stopSending();
    if (error.name === "AbortError") say("Cancelled; nothing was kept.");
    else if (error instanceof Refusal) refuse(error);
    else throw error;
  }
}

function body() {
  const data = new FormData();
  for (const [name, value] of new FormData(form)) if (name !== "images" && value !== "") data.append(name, value);
  for (const file of chosen) data.append("images", file, file.name);
  return data;
}

function sent(share) {
  byId("sent").value = share;
  byId("sent-words").textContent = share < 1 ? `Sending: ${Math.floor(100 * share)} %` : "Sent; the gallery opens.";
}

function stopSending() {
  sending = null;
  byId("sending").hidden = true;
  byId("go").disabled = false;
}

function refuse(refusal) {
  tell(refusal, { slots, fallback: "request", retry: run });
  say("");
}

function listenToDrops() {
  let depth = 0; // dragenter and dragleave also fire for every child
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const target = (on) => tray.classList.toggle("is-target", on);
  document.addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    depth += 1;
    target(true);
  });
  document.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) target(false);
  });
  document.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  document.addEventListener("drop", async (event) => {
    depth = 0;
    target(false);
    if (!carries(event)) return;
    event.preventDefault();
    add(await filesOf(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) add([...event.clipboardData.files]);
  });
}

/** Files that were dropped; of folders the pictures in them, and in the folders within. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const found = [];
  const walk = async (entry, top) => {
    if (entry.isFile) {
      const file = await new Promise((done, failed) => { entry.file(done, failed); });
      if (top || PICTURES.test(file.name)) found.push(file);
      return;
    }
    const reader = entry.createReader();
    for (;;) { // a reader gives a hundred at a time
      const some = await new Promise((done, failed) => { reader.readEntries(done, failed); });
      if (!some.length) return;
      some.sort((a, b) => a.name.localeCompare(b.name));
      for (const one of some) await walk(one, false);
    }
  };
  for (const entry of entries) await walk(entry, true).catch(() => {}); // what cannot be read is left out
  return found;
}
