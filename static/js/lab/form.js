/* The form of a demo: sliders beside their number fields, fields that come and go, problems beside their cause. */

/** Set the form up; `changed()` is called when a setting has changed. */
export function setUpForm(form, changed) {
  for (const slider of form.querySelectorAll("[data-slides]")) join(slider, form);
  const conditional = [...form.querySelectorAll("[data-when]")];
  const sift = () => {
    for (const field of conditional) {
      const needs = Object.entries(JSON.parse(field.dataset.when));
      field.hidden = !needs.every(([name, value]) => form.elements[name]?.value === value);
    }
  };
  sift();
  form.addEventListener("change", () => {
    sift();
    changed();
  });
}

/** The settings as a query, the way the server reads forms. */
export function query(form) {
  const pairs = new URLSearchParams(new FormData(form));
  pairs.delete("key");
  return pairs;
}

/** Say refused settings beside their fields; returns whether any field was found. */
export function tell(form, refusal) {
  clear(form);
  const rest = [];
  let first = null;
  for (const { pointer, detail } of refusal.errors) {
    const name = fieldOf(form, pointer, detail);
    const place = name && form.querySelector(`[data-problem="${name}"]`);
    if (!place) {
      rest.push(sentence(detail));
      continue;
    }
    place.textContent = sentence(detail, detail.startsWith(`${name} `));
    place.hidden = false;
    const control = form.querySelector(`#f-${name}`);
    control?.setAttribute("aria-invalid", "true");
    place.closest("details")?.setAttribute("open", "");
    first ??= control ?? place;
  }
  if (!refusal.errors.length) rest.push(sentence(refusal.message));
  const general = form.querySelector('[data-problem=""]');
  general.replaceChildren(rest.join(" ") || "Some settings cannot be taken; see beside them.");
  general.hidden = false;
  return first;
}

export function clear(form) {
  for (const place of form.querySelectorAll("[data-problem]")) {
    place.hidden = true;
    place.textContent = "";
  }
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

/** The field a problem is about: by its pointer, or, of several, the one its sentence begins with. */
function fieldOf(form, pointer, detail) {
  const has = (name) => name && form.querySelector(`[data-field="${CSS.escape(name)}"]`);
  const [, second] = pointer.split("/").filter(Boolean);
  const named = pointer.startsWith("/params/") ? second : pointer.slice(1);
  if (has(named)) return named;
  const begins = detail.split(" ", 1)[0];
  return has(begins) ? begins : null;
}

/** A text as a sentence; one that begins with a setting's name keeps its case. */
function sentence(text, isNamed = false) {
  const capital = isNamed ? text : text[0].toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** A slider and the number field that it belongs to say the same. */
function join(slider, form) {
  const field = form.querySelector(`#${slider.dataset.slides}`);
  const low = Number(slider.dataset.low);
  const high = Number(slider.dataset.high);
  const whole = slider.dataset.whole !== undefined;
  const isLog = slider.dataset.scale === "log";
  const steps = Number(slider.max);
  const floor = low > 0 ? low : high / 1e7; // a logarithm needs a start; 0 itself is the slider's end

  const toShare = (value) => {
    if (!isLog) return (value - low) / (high - low);
    return value <= floor ? 0 : Math.log(value / floor) / Math.log(high / floor);
  };
  const toValue = (share) => {
    if (!isLog) return low + share * (high - low);
    if (share === 0) return low > 0 ? low : slider.dataset.low === "0" && field.min === "0" ? 0 : floor;
    return floor * (high / floor) ** share;
  };
  const follow = () => {
    const share = Math.min(1, Math.max(0, toShare(Number(field.value || low))));
    slider.value = String(Math.round(share * steps));
    slider.style.setProperty("--fill", String(share));
    slider.setAttribute("aria-valuetext", field.value);
  };
  slider.addEventListener("input", () => {
    const value = toValue(Number(slider.value) / steps);
    field.value = whole ? String(Math.round(value)) : tidy(value, high - low, isLog);
    follow();
  });
  slider.addEventListener("change", () => field.dispatchEvent(new Event("change", { bubbles: true })));
  field.addEventListener("input", follow);
  follow();
}

function tidy(value, span, isLog) {
  if (value === 0) return "0";
  const digits = isLog ? 2 : Math.max(2, Math.ceil(Math.log10(Math.abs(value) / span)) + 3);
  return String(Number(value.toPrecision(Math.min(15, digits))));
}
