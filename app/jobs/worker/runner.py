"""A process that takes steps: one JSON line in, one out. It holds nothing that a kill could lose.

It ends when its input does, so it never outlives its worker. Started as `python -m app.jobs.worker.runner`.
"""

import faulthandler
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

from app.jobs.worker.limits import limit_memory, stand_back
from app.lab import Demo, DemoError, InvalidParams, Run
from app.lab.demo import LostWork
from app.lab.registry import find_demos
from app.lab.running import finish, take_step, versions
from app.lab.shown import Json

GRACE = 10
"""Seconds after a step's deadline at which a process that nobody has killed ends itself."""
TASKS = "app.batches.tasks"
"""Package of what is no demo of the lab and runs like one."""
_SPARE = 8 << 20
"""Bytes let go when memory has run out, to say so."""


def answer(demos: Mapping[str, Demo[Any]], asked: Json) -> Json:
    """One step of a job, started before it and finished after it where that is due.

    `{"lost": reason}` when the job must begin again, `{"failed": reason}` when it cannot go on.
    """
    demo = demos.get(asked["demo"])
    if demo is None:
        return {"failed": f"This worker has no demo {asked['demo']!r}."}
    try:
        return _take(demo, asked)
    except LostWork as error:
        return {"lost": str(error)}
    except DemoError as error:
        return {"failed": _sentence(str(error))}
    except InvalidParams as error:
        return {"failed": _sentence(f"these settings are no longer taken: {error}")}
    except MemoryError:
        raise
    except Exception as error:
        if isinstance(error, RuntimeError) and "allocate memory" in str(error):  # torch's way to say it
            raise MemoryError from error
        traceback.print_exception(error)
        return {"failed": _sentence(f"the demo broke: {type(error).__name__}: {error}")}


def _take(demo: Demo[Any], asked: Json) -> Json:
    folder = Path(asked["folder"]) if demo.needs_folder else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    data = None if asked["data"] is None else Path(asked["data"])
    params, deaths = demo.read(asked["params"]), asked.get("deaths", 0)
    run = Run(params, asked["seed"], folder, data, asked["model_id"], deaths)
    state = asked["state"]
    if state is None:
        state = json.loads(json.dumps(demo.start(run), allow_nan=False))
    step = take_step(demo, run, state)
    given: Json = {
        "state": step.state,
        "progress": min(1.0, max(0.0, step.progress)),
        "points": [asdict(point) for point in step.points],
        "pictures": [asdict(picture) for picture in step.pictures],
        "told": dict(step.told),
        "outcome": None,
    }
    if step.done:
        given["outcome"] = finish(demo, run, json.loads(json.dumps(step.state))).to_json()
        given["versions"] = versions()
    return given


def _sentence(text: str) -> str:
    text = " ".join(text.encode("utf-8", "replace").decode().replace("\0", "").split())[:500]
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def serve(demos: Mapping[str, Demo[Any]], lines: "SimpleQueue[str]", output: TextIO, most: int) -> None:
    """Say that it is ready, then answer line by line.

    After memory has run out it says so and returns: the heap is not what it was.
    """
    print("{}", file=output, flush=True)
    while True:
        asked = json.loads(lines.get())
        spare = [bytearray(_SPARE)]
        faulthandler.dump_traceback_later(asked["seconds"] + GRACE, exit=True)
        try:
            given = json.dumps(answer(demos, asked), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            given = json.dumps({"failed": _sentence(f"what the demo gave cannot be kept: {error}")})
        except MemoryError:
            spare.clear()
            reason = {"failed": f"It needs more than {most >> 20} MiB of memory.", "last": True}
            print(json.dumps(reason), file=output, flush=True)
            return
        finally:
            faulthandler.cancel_dump_traceback_later()
        print(given, file=output, flush=True)


def _listen(lines: "SimpleQueue[str]") -> None:
    """Pass the requests on, so that the end of input is noticed in the middle of a step too."""
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


def main(settings: Json) -> None:
    """Run until the input ends; `settings` has memory, niceness and demo_packages."""
    # What a demo prints must not come between the answers.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker decides when it is over
    stand_back(settings["niceness"])
    limit_memory(settings["memory"])
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    serve(find_demos([*settings["demo_packages"], TASKS]), lines, output, settings["memory"])
    os._exit(0)  # the thread that waits for input would be in the way of an orderly exit


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
