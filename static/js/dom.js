/* The few lines every page needs to reach its elements. */

/** The element with this id; a missing one is a mistake in the template, so it throws. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element #${id}`);
  return element;
}

/** Whether the reader asked for less motion. */
export function wantsLessMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Calls `action` once, `wait` milliseconds after the last call. */
export function debounced(action, wait) {
  let timer = 0;
  const later = (...args) => {
    clearTimeout(timer);
    timer = setTimeout(action, wait, ...args);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
