/* A job's events as they come; a connection that breaks is taken up again where it was. */

const KINDS = ["state", "progress", "point", "end"];
const AGAIN_AFTER = 2000;

/**
 * Follow a job from its first event. `on[kind](data)` is called for each, `on.broken(isBroken)` when the
 * connection goes or comes back, `on.gone()` when the job is no more. Returns a function that stops it.
 */
export function follow(address, on) {
  let source = null;
  let timer = 0;
  let last = 0;
  let stopped = false;
  const listening = new AbortController();

  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    source?.close();
    listening.abort();
  };

  const open = () => {
    source = new EventSource(last ? `${address}?after=${last}` : address);
    source.addEventListener("open", () => on.broken?.(false));
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        const id = Number(event.lastEventId);
        if (id <= last) return; // seen already
        last = id;
        const data = JSON.parse(event.data);
        if (kind === "end") stop();
        on[kind]?.(data);
      });
    }
    source.addEventListener("error", async () => {
      if (stopped) return;
      on.broken?.(true);
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself, with the last id
      const known = await fetch(address.replace(/\/events$/, "")).catch(() => null);
      if (stopped) return;
      if (known?.status === 404) {
        stop();
        on.gone?.();
      } else {
        timer = setTimeout(open, AGAIN_AFTER);
      }
    });
  };

  // A page that is put aside lets go of its connection; one that comes back takes it up again.
  addEventListener("pagehide", () => source?.close(), { signal: listening.signal });
  addEventListener("pageshow", (event) => event.persisted && open(), { signal: listening.signal });
  open();
  return stop;
}
