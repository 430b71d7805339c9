"""Minutes of mixed load at twice what the service can do: who is answered what, and what it holds afterwards.

    python -m benchmarks.soak [--minutes N] [--processes N]

Visitors of every kind (`benchmarks.visitors`) come at random times, whether or not those before them have
been answered: twice as many as were served in the last while. Beforehand the service is warmed up by the same
visitors, so that what it keeps for good does not count as growth.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from benchmarks.models import models_dir
from benchmarks.service import Service, service
from benchmarks.visitors import CUT, FORGOTTEN, KINDS, PATIENCE, Kind, Kinds, Visit
from benchmarks.watching import Watch, holdings, watching

AT_A_TIME = 8
"""Visitors at a time while the capacity is found out: few enough that none is turned away."""
MOST_AT_A_TIME = 2000
"""Visitors under way beyond which no more are sent, and counted as left out: the client has bounds too."""
LOOK_BACK = 15.0
"""Seconds after which it is counted anew how many are served."""
MAY_GROW = 1.10
SETTLES_IN = 120.0
"""Seconds that jobs under way get to end once nobody asks for more."""
_MIB = 2**20


@dataclass
class Flood:
    """What a flood of visitors met."""

    visits: list[Visit] = field(default_factory=list)
    sent: int = 0
    left_out: int = 0

    @property
    def served(self) -> int:
        """How many were not turned away."""
        return sum(each.met != 503 for each in self.visits)


async def visit(kinds: Kinds, kind: Kind, chance: random.Random) -> Visit:
    """Send one visitor, and tell what it met."""
    begun = time.perf_counter()
    met: int | str
    try:
        async with asyncio.timeout(PATIENCE):
            met = await kind.visit(kinds, chance)
    except TimeoutError:
        met = FORGOTTEN
    except (OSError, IndexError, asyncio.IncompleteReadError):
        met = CUT
    return Visit(kind.name, met, time.perf_counter() - begun)


async def capacity(kinds: Kinds, seconds: float, chance: random.Random) -> float:
    """Visitors a second that are served while few come at a time."""
    until, served = time.perf_counter() + seconds, 0

    async def client() -> None:
        nonlocal served
        while time.perf_counter() < until:
            await visit(kinds, kinds.choose(chance), chance)
            served += 1

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(AT_A_TIME)))
    return served / (time.perf_counter() - begun)


async def flood(kinds: Kinds, rate: float, seconds: float, chance: random.Random) -> "Flood":
    """Send visitors at random times: so many a second, and later twice as many as are served."""
    done = Flood()
    under_way: set[asyncio.Task[None]] = set()

    async def one() -> None:
        done.visits.append(await visit(kinds, kinds.choose(chance), chance))

    clock = asyncio.get_running_loop().time
    begun = due = counted = clock()
    served = 0
    while due < begun + seconds:
        if clock() - counted > LOOK_BACK:
            now = done.served
            rate = max(1.0, 2 * (now - served) / (clock() - counted))
            served, counted = now, clock()
        due += chance.expovariate(rate)
        await asyncio.sleep(max(0.0, due - clock()))
        done.sent += 1
        if len(under_way) >= MOST_AT_A_TIME:
            done.left_out += 1
            continue
        task = asyncio.create_task(one())
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    return done


async def settle(found: Service) -> dict[str, int]:
    """Cancel what waits, wait until nothing is done any more; memory by role then, the least seen."""
    address = f"http://{found.host}:{found.port}/api/v1/jobs"
    deadline = time.monotonic() + SETTLES_IN
    async with httpx2.AsyncClient(verify=False, timeout=60) as client:
        for state in ("queued", "running"):
            while time.monotonic() < deadline:
                answer = await client.get(f"{address}?state={state}&limit=100")
                jobs = answer.json()["jobs"] if answer.status_code == 200 else [{}]
                if not jobs:
                    break
                for job in jobs:
                    with suppress(KeyError):
                        await client.post(f"{address}/{job['id']}/cancel")
                await asyncio.sleep(0.5)
    least: dict[str, int] = {}
    for _ in range(20):
        now = Watch(found.pid).look()
        least = {role: min(memory, least.get(role, memory)) for role, memory in now.items()}
        await asyncio.sleep(1.0)
    return least


def centiles(seconds: Iterable[float]) -> str:
    """The 50th and the 99th."""
    ordered = sorted(seconds)
    if len(ordered) < 2:
        return ""
    return f"p50 {statistics.median(ordered):.3f} s, p99 {ordered[int(0.99 * (len(ordered) - 1))]:.3f} s"


def report(visits: list[Visit]) -> list[Visit]:
    """Print who met what; those that met something unforeseen."""
    by_status = Counter(str(each.met) for each in visits)
    print(f"{len(visits)} visitors: " + ", ".join(f"{n} x {met}" for met, n in sorted(by_status.items())))
    for kind in KINDS:
        mine = [each for each in visits if each.kind == kind.name]
        met = ", ".join(
            f"{n} x {what}" for what, n in sorted(Counter(str(each.met) for each in mine).items())
        )
        print(f"  {kind.name}: {met}; {centiles(each.seconds for each in mine if each.met != 503)}")
    foreseen = {kind.name: kind.foreseen for kind in KINDS}
    return [each for each in visits if each.met not in foreseen[each.kind]]


def held(title: str, memory: dict[str, int]) -> None:
    """Print memory by role."""
    print(f"{title}: " + ", ".join(f"{role} {size / _MIB:.0f} MiB" for role, size in sorted(memory.items())))


async def soak(found: Service, log: Path, minutes: float, seed: int) -> bool:
    """Load the service; whether it kept every promise."""
    kinds, chance = Kinds(found), random.Random(seed)
    async with httpx2.AsyncClient(verify=False, timeout=60) as client:
        while (await client.get(f"http://{found.host}:{found.port}/readyz")).status_code != 200:
            await asyncio.sleep(0.5)
    for kind in KINDS:  # the first of each waits for what is loaded then
        await visit(kinds, kind, chance)
    rate = await capacity(kinds, 20.0, chance)
    await flood(kinds, 2 * rate, max(60.0, 12 * minutes), chance)
    before = await settle(found)
    first, (files, threads) = _lasting(found), _sums(found)
    print(
        f"few at a time: {rate:.1f} served a second; now {minutes:g} minutes of twice as many as are served"
    )
    async with watching(found.pid) as watch:
        flooded = await flood(kinds, 2 * rate, 60 * minutes, chance)
    after = await settle(found)
    unforeseen = report(flooded.visits)
    print(
        f"  {flooded.sent / 60 / minutes:.1f} came a second, {flooded.served / 60 / minutes:.1f} served; "
        f"left out, as {MOST_AT_A_TIME} were under way: {flooded.left_out}"
    )
    for title, memory in (("before", before), ("peak", watch.memory), ("after", after)):
        held(title, memory)
    files_after, threads_after = _sums(found)
    print(f"files: {files} before, {watch.files} at most, {files_after} after", end="; ")
    print(f"threads: {threads} before, {watch.threads} at most, {threads_after} after")
    said = log.read_text(errors="replace")
    ended = said.count("ended and is started again"), said.count("Traceback")
    growth = sum(after.values()) / sum(before.values())
    verdicts = {
        "no answer but those foreseen": not unforeseen,
        "no process ended, nothing was raised": ended == (0, 0) and first == _lasting(found),
        f"memory after it {growth:.2f} times that before (at most {MAY_GROW})": growth <= MAY_GROW,
    }
    for each in unforeseen[:10]:
        print(f"  unforeseen: {each.kind} met {each.met} after {each.seconds:.1f} s")
    for what, kept in verdicts.items():
        print(f"  {'yes' if kept else 'NO'}: {what}")
    return all(verdicts.values())


def _lasting(found: Service) -> set[int]:
    """The web processes and workers; those in which steps are taken come and go."""
    return {each.pid for each in holdings(found.pid) if each.role in {"web", "worker"}}


def _sums(found: Service) -> tuple[int, int]:
    now = holdings(found.pid)
    return sum(each.files for each in now), sum(each.threads for each in now)


def main() -> None:
    """Load and print; exit code 1 if a promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--processes", type=int, help="web processes; as many as the service takes unless given"
    )
    parser.add_argument("--log", type=Path, help="keep the service's log here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, models_dir() as models:
        log = asked.log or Path(folder) / "log"
        chosen = {"processes": asked.processes} if asked.processes else {}
        settings = {"models_dir": models, "data_dir": Path(folder) / "data", "workers": 1, "max_jobs": 200}
        with service(log, **settings, **chosen) as found:
            kept = asyncio.run(soak(found, log, asked.minutes, asked.seed))
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
