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

/** A share 0..1 as a percentage. */
export function percent(share) {
  return `${Math.round(100 * share)} %`;
}

/** What an upload was that was not gray; nothing for one that was. */
export function sourceLine(source) {
  if (source === "color") return "The picture had colours: only its light and shade were kept, and coloured anew.";
  if (source === "toned") return "The picture was toned, as old prints are: its light and shade were coloured.";
  return "";
}
