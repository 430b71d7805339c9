/* Numbers and names as people read them. */

const STEPS = { queue: "waiting", join: "colouring" }; // other names of Server-Timing speak for themselves
const ENDINGS = { "image/jpeg": "jpg", "image/tiff": "tif" };
const MIB = 1024 * 1024;

/** Size of a file in MB. */
export function fileSize(bytes) {
  return `${(bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0)} MB`;
}

/** What was coloured, by which network, and where the time went. */
export function timingLine({ model, width, height, steps, milliseconds }) {
  const parts = steps
    .filter((step) => step.milliseconds >= 0.5)
    .map((step) => `${STEPS[step.name] ?? step.name} ${step.milliseconds.toFixed(0)} ms`);
  const total = `${(milliseconds / 1000).toFixed(2)} s`;
  return [`${width} × ${height}`, model, parts.length ? `${total}: ${parts.join(", ")}` : total].join(" · ");
}

/** Name of the download: the upload's own, marked, with the ending of what it now is. */
export function outputName(name, type) {
  const ending = ENDINGS[type] ?? type.split("/")[1];
  return `${(name || "picture").replace(/\.[^.]*$/, "")}-colorized.${ending}`;
}
