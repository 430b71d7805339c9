/* The ways a picture comes in: chosen, photographed, dropped, pasted, or a sample. */

import { byId } from "./dom.js";

/** Calls `take(file)` for every picture the reader gives, however it comes. */
export function listen(take) {
  const stage = byId("stage");
  for (const id of ["image", "camera"]) {
    const input = byId(id);
    input.addEventListener("change", () => {
      if (input.files.length) take(input.files[0]);
      input.value = ""; // the same file may be chosen twice
    });
  }
  if (matchMedia("(pointer: coarse)").matches) {
    byId("camera").hidden = false;
    byId("camera-label").hidden = false;
  }

  let depth = 0; // dragenter and dragleave also fire for every child
  const target = (on) => stage.classList.toggle("is-target", on);
  document.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    target(true);
  });
  document.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) target(false);
  });
  document.addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    depth = 0;
    target(false);
    if (!carriesFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) take(event.clipboardData.files[0]);
  });
}

/** Calls `take(file, name)` when a sample is pressed; returns a way to press one by name. */
export function samples(take, failed) {
  const buttons = new Map([...document.querySelectorAll(".sample")].map((button) => [button.value, button]));
  const press = async (name) => {
    const button = buttons.get(name);
    if (!button) return;
    try {
      const response = await fetch(button.dataset.picture);
      if (!response.ok) throw new Error(String(response.status));
      const blob = await response.blob();
      take(new File([blob], `${name}.jpg`, { type: blob.type }), name);
    } catch {
      failed();
    }
  };
  for (const [name, button] of buttons) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      press(name);
    });
  }
  return {
    press,
    mark: (name) => buttons.forEach((button, key) => button.setAttribute("aria-pressed", String(key === name))),
  };
}

function carriesFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}
