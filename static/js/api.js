/* One picture to the REST service and back. */

import { answer } from "./rest.js";

/**
 * Colour one picture. `settings` are the form fields of POST /colorize; empty ones are left out.
 * Resolves to {image, uncertainty, model, width, height, steps}; rejects with Refusal, or AbortError.
 */
export async function colorize(endpoint, picture, settings, signal) {
  const form = new FormData();
  form.append("image", picture, picture.name || "picture");
  for (const [name, value] of Object.entries(settings)) if (value !== "") form.append(name, value);

  const started = performance.now();
  const response = await answer(endpoint, { method: "POST", body: form, signal, headers: { Accept: "application/json" } });
  const body = await response.json();
  return {
    image: blobOf(body.image),
    uncertainty: body.uncertainty ? blobOf(body.uncertainty) : null,
    model: body.model,
    width: body.width,
    height: body.height,
    steps: serverTiming(response.headers.get("Server-Timing")),
    milliseconds: performance.now() - started,
  };
}

/** A data URI as a Blob: object URLs stay small in memory and in the address of a download. */
export function blobOf(uri) {
  const comma = uri.indexOf(",");
  const type = /^data:([^;,]*)/.exec(uri)[1];
  const binary = atob(uri.slice(comma + 1));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return new Blob([bytes], { type });
}

/** `decode;dur=12.3, network;desc="…";dur=40` as [{name, milliseconds}]. */
export function serverTiming(header) {
  if (!header) return [];
  return header.split(",").flatMap((part) => {
    const [name, ...attributes] = part.split(";").map((piece) => piece.trim());
    const duration = attributes.find((piece) => piece.startsWith("dur="));
    return duration ? [{ name, milliseconds: Number(duration.slice(4)) }] : [];
  });
}
