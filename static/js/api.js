/* One picture to the REST service and back. */

import { answer } from "./rest.js";

/**
 * Colour one picture. `settings` are the form fields of POST /colorize, empty ones left out, `query` its query.
 * Resolves to {image, uncertainty, model, width, height, source, hints, candidates, steps}; rejects with
 * Refusal, or AbortError.
 */
export async function colorize(endpoint, picture, settings, signal, query = {}) {
  const started = performance.now();
  const response = await post(endpoint, picture, settings, signal, query);
  const body = await response.json();
  return {
    image: blobOf(body.image),
    uncertainty: body.uncertainty ? blobOf(body.uncertainty) : null,
    model: body.model,
    width: body.width,
    height: body.height,
    source: body.source ?? "gray",
    hints: body.hints ?? [],
    candidates: body.candidates ?? null,
    steps: serverTiming(response.headers.get("Server-Timing")),
    milliseconds: performance.now() - started,
  };
}

/** The network's likely colours at a place of a picture, likeliest first: [{color, share}]. */
export async function likelyColours(endpoint, picture, settings, { x, y }, signal) {
  const response = await post(`${endpoint}/suggestions`, picture, settings, signal, { x, y });
  return (await response.json()).colors;
}

/** A small look at a picture's colours, as a Blob. */
export async function preview(endpoint, picture, settings, side, signal) {
  const fields = { ...settings, format: "webp" };
  const response = await post(endpoint, picture, fields, signal, { preview: side }, "image/webp");
  return response.blob();
}

function post(endpoint, picture, settings, signal, query, accept = "application/json") {
  const form = new FormData();
  form.append("image", picture, picture.name || "picture");
  for (const [name, value] of Object.entries(settings)) if (value !== "") form.append(name, value);
  const given = new URLSearchParams(query).toString();
  const address = given ? `${endpoint}?${given}` : endpoint;
  return answer(address, { method: "POST", body: form, signal, headers: { Accept: accept } });
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
