/* Sizes, counts and bytes as people read them; app/pages/typeset.py says the same. */

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const BRACKETS = [["floor", "⌊", "⌋"], ["ceiling", "⌈", "⌉"]];
const NONE = "–";

/** A size as it stands in JSON: digits in groups of three, powers raised, floors in their brackets. */
export function typeset(size) {
  if (size === null || size === undefined) return NONE;
  const text = String(size);
  if (/^-?\d+$/.test(text)) return text.replace(/\B(?=(\d{3})+$)/g, ",");
  let shown = text
    .replace(/\*\*(\d+)/g, (_, digits) => [...digits].map((digit) => RAISED[digit]).join(""))
    .replaceAll("*", "·")
    .replaceAll(" - ", " − ");
  for (const [name, left, right] of BRACKETS) {
    const inner = new RegExp(`\\b${name}\\(([^()]*)\\)`, "g");
    for (let before = ""; before !== shown; ) {
      before = shown;
      shown = shown.replace(inner, `${left}$1${right}`);
    }
  }
  return shown;
}

/** A shape: `32 × 16 × 16`, sums in brackets. */
export function typesetShape(sizes) {
  if (!sizes) return NONE;
  const shown = sizes.map((size) => (/^\d+$/.test(size) ? String(size) : typeset(size)));
  return shown.map((text) => (text.includes(" ") && shown.length > 1 ? `(${text})` : text)).join(" × ");
}

/** A number of bytes in the largest fitting unit; an expression stays in bytes. */
export function typesetBytes(size) {
  if (size === null || size === undefined) return NONE;
  if (!/^\d+$/.test(size)) return `${typeset(size)} B`;
  const count = Number(size);
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10));
  if (power === 0) return `${count} B`;
  return `${(count / 1024 ** power).toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} ${UNITS[power]}`;
}
