/* One picture to the REST service and back. */

/** What the service refused and why, as RFC 9457 says it; `status` 0 when no answer came at all. */
export class Refusal extends Error {
  constructor(problem, retryAfter = null) {
    super(problem.detail || problem.title || "Something went wrong.");
    this.status = problem.status ?? 0;
    this.title = problem.title ?? "";
    this.errors = Array.isArray(problem.errors) ? problem.errors : [];
    this.retryAfter = retryAfter;
  }
}

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

/** Fetch, turning every kind of failure but an abort into a Refusal. */
async function answer(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal({ title: "No answer", detail: "The service cannot be reached. Check the connection, then try again." });
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Refusal(
    { title: `Error ${response.status}`, ...problem, status: response.status },
    Number(response.headers.get("Retry-After")) || null,
  );
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
