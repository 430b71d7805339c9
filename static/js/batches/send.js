/* A form sent with its progress, which `fetch` does not tell. */

import { Refusal } from "../rest.js";

/** Post a form; `sent(share)` is told how much of it is gone. Resolves to the JSON that comes back. */
export function send(address, body, signal, sent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    signal.addEventListener("abort", () => request.abort());
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => event.lengthComputable && sent(event.loaded / event.total));
    request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    request.addEventListener("error", () => reject(new Refusal({ title: "No answer", detail: "The service cannot be reached. Check the connection, then try again." })));
    request.addEventListener("load", () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // told by its status
      }
      if (request.status < 300) resolve(answer);
      else reject(new Refusal({ title: `Error ${request.status}`, ...answer, status: request.status }, Number(request.getResponseHeader("Retry-After")) || null));
    });
    request.send(body);
  });
}
