/* Argument values between JSON and the text of a field; numbers stay exact. */

const LARGEST = 15; // digits that a double holds; longer integers go as text, which the service reads exactly

/** What a field's text means: undefined where it is empty, a list where it has commas, else number, word or size. */
export function fromField(text) {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const list = /^[[(](.*)[\])]$/.exec(trimmed) ?? (trimmed.includes(",") ? [null, trimmed] : null);
  if (list && !/[()]/.test(list[1])) return list[1].split(",").map((part) => part.trim()).filter(Boolean).map(single);
  return single(trimmed);
}

function single(text) {
  if (/^[+-]?\d+$/.test(text) && text.length <= LARGEST) return Number(text);
  if (/^[+-]?(\d+\.\d*|\.\d+|\d+)(e[+-]?\d+)?$/i.test(text) && !/^[+-]?\d+$/.test(text)) return Number(text);
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  if (/^(none|null)$/i.test(text)) return null;
  return text.replace(/^(["'])(.*)\1$/, "$2");
}

/** A value as a field shows it. */
export function toField(value) {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map(toField).join(", ");
  return value === null ? "none" : String(value);
}
