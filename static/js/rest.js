/* What every question to the REST service shares: failures become Refusals, and no digit is lost. */

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

/** Fetch, turning every kind of failure but an abort, and but the statuses in `also`, into a Refusal. */
export async function answer(address, options, also = []) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal({ title: "No answer", detail: "The service cannot be reached. Check the connection, then try again." });
  }
  if (response.ok || also.includes(response.status)) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Refusal(
    { title: `Error ${response.status}`, ...problem, status: response.status },
    Number(response.headers.get("Retry-After")) || null,
  );
}

/** Post JSON (a value, or text that is JSON already); resolves to what comes back. */
export async function ask(address, body, signal) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = { "Content-Type": "application/json" };
  const response = await answer(address, { method: "POST", body: text, signal, headers });
  return exactly(await response.text());
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON as JSON.parse reads it, but integers that a double would round stay text, digit for digit. */
export function exactly(text) {
  return JSON.parse(text.replace(TOKEN, (token) => (/^-?\d{16,}$/.test(token) ? `"${token}"` : token)));
}
