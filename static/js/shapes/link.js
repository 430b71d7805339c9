/* A network in the address: a preset by its name, any other deflated and in base64; app/pages/shapes/link.py reads it. */

const MOST = 8000;

/** The parameters that hold a network's text, or null where it is too long for a link. */
export async function parameters(preset, text, names = ["preset", "z"]) {
  if (preset) return [[names[0], preset]];
  const packed = await pack(text);
  return packed && packed.length <= MOST ? [[names[1], packed]] : null;
}

async function pack(text) {
  if (!("CompressionStream" in window)) return null;
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Put text on the clipboard; also where the page has no right to the clipboard of its own. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
