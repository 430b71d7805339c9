"""Shape arithmetic against torchinfo and fvcore: time and memory, imports excluded, all in one run."""

import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.shapes import analyse
from app.shapes.analysis import RECENT
from app.shapes.exporting import result_json
from app.shapes.presets import load_preset

ROUNDS = 15
TURN = 0.05
REQUESTS = 300
WANTED_RATIO = 50
WANTED_MILLISECONDS = 5.0


def main() -> None:
    """Measure and print; ratios are medians over rounds in which the candidates take turns."""
    _import()
    _small_networks()
    _rest()
    _memory()
    _against_others("resnet50")


def medians(candidates: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Median seconds of one call of each candidate, over rounds in which they take turns.

    As timeit does, a turn repeats a quick call (for 50 ms) and takes the mean. A first round is thrown away.
    """
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, call in candidates.items():
            calls, started = 0, time.perf_counter()
            while (passed := time.perf_counter() - started) < TURN:
                call()
                calls += 1
            if turn:
                seconds[name].append(passed / calls)
    return {name: statistics.median(values) for name, values in seconds.items()}


def _chain(channels: Any, kernel: Any, shape: list[Any]) -> dict[str, Any]:
    conv = {"type": "Conv2d", "kernel_size": kernel, "padding": "same", "bias": False}
    layers = [
        layer
        for i in range(5)
        for layer in (
            {**conv, "out_channels": channels(i)},
            {"type": "BatchNorm2d"},
            {"type": "ReLU"},
            {"type": "MaxPool2d", "kernel_size": 2}
            if i < 4
            else {"type": "AdaptiveAvgPool2d", "output_size": 1},
        )
    ]
    return {"input": shape, "layers": layers}


def _numbers() -> dict[str, Any]:
    return _chain(lambda i: 16 * 2**i, 3, [3, 64, 64])


def _symbols() -> dict[str, Any]:
    return _chain(lambda i: f"{2**i}*NF", "k", ["NIC", 64, 64])


def _import() -> None:
    """How long a fresh interpreter takes to import the library, and whether torch comes along."""
    code = (
        "import sys, time; began = time.perf_counter(); import app.shapes; "
        "print(time.perf_counter() - began, 'torch' in sys.modules)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(5)
    ]
    seconds = statistics.median(float(found) for found, _ in runs)
    with_torch = any(found == "True" for _, found in runs)
    print(f"import app.shapes: {1e3 * seconds:.0f} ms, torch {'too' if with_torch else 'not imported'}")


def _rest() -> None:
    """The arithmetic of POST /api/v1/shapes, as its Server-Timing tells it, nothing remembered."""
    import structlog
    from fastapi.testclient import TestClient

    from app.main import create_app
    from app.settings import Settings

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(preload=False, threads=1, data_dir=Path(folder))
        with TestClient(create_app(settings)) as client:
            for name, body in (("numbers", _numbers()), ("symbolic channels and kernel", _symbols())):
                times = []
                for _ in range(REQUESTS):
                    RECENT.clear()
                    response = client.post("/api/v1/shapes", json=body)
                    response.raise_for_status()
                    times.append(float(response.headers["server-timing"].partition("dur=")[2]))
                median = statistics.median(times)
                print(
                    f"REST, 20 layers, {name}: arithmetic {median:.2f} ms median of {REQUESTS} "
                    f"(wanted: under {WANTED_MILLISECONDS:g} ms{_verdict(median < WANTED_MILLISECONDS)})"
                )


def _verdict(held: bool) -> str:
    return ", held" if held else ", MISSED"


def _small_networks() -> None:
    numbers, symbols = _numbers(), _symbols()
    everything = _chain(lambda i: f"{2**i}*NF", "k", ["NIC", "H", "W"])
    found = medians(
        {
            "20 layers, numbers": lambda: analyse(numbers),
            "20 layers, numbers, all of the JSON": lambda: result_json(analyse(numbers)),
            "20 layers, symbolic channels and kernel": lambda: analyse(symbols),
            "20 layers, symbolic, all of the JSON": lambda: result_json(analyse(symbols)),
            "20 layers, height and width symbolic too": lambda: analyse(everything),
        },
    )
    for name, seconds in found.items():
        print(f"{name}: {1e3 * seconds:.2f} ms")


def _memory() -> None:
    """The most memory that a small and a huge network take to compute."""
    peaks = {}
    for name, width in (("of 10^4", 100), ("of 10^12", 10**6)):
        layer = {"type": "Linear", "out_features": width}
        body = {"input": [width], "layers": [layer]}
        analyse(body)
        tracemalloc.start()
        report = analyse(body)
        peaks[name] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"a network {name} parameters ({report.totals.parameters}): {peaks[name]} bytes at most")


def _against_others(name: str) -> None:
    missing = [module for module in ("torchvision", "torchinfo", "fvcore") if find_spec(module) is None]
    if "torchvision" in missing or "torchinfo" in missing:
        print(f"no comparison: {', '.join(missing)} not installed")
        return
    import logging

    import torch
    import torchinfo
    from torchvision.models import get_model

    body = load_preset(name)
    module = get_model(name, weights=None).eval()
    shape = (1, *body["input"])

    def afresh() -> object:
        RECENT.clear()
        return analyse(body)

    candidates: dict[str, Callable[[], object]] = {
        "app.shapes.analyse": lambda: analyse(body),
        "app.shapes.analyse, nothing remembered": afresh,
        "app.shapes, all of the JSON": lambda: result_json(analyse(body)),
        "torchinfo.summary": lambda: torchinfo.summary(module, input_size=shape, verbose=0),
    }
    if "fvcore" not in missing:
        from fvcore.nn import FlopCountAnalysis

        logging.getLogger("fvcore").setLevel(logging.ERROR)
        example = torch.zeros(*shape)
        candidates["fvcore FlopCountAnalysis"] = lambda: FlopCountAnalysis(module, example).total()
    found = medians(candidates)
    ours = found["app.shapes.analyse"]
    print(f"{name}, {len(body['layers'])} layers, torch on {torch.get_num_threads()} threads:")
    for candidate, seconds in found.items():
        print(f"  {candidate}: {1e3 * seconds:.2f} ms, {seconds / ours:.1f} times the first")
    ratio = found["torchinfo.summary"] / ours
    afresh_ratio = found["torchinfo.summary"] / found["app.shapes.analyse, nothing remembered"]
    held = _verdict(ratio >= WANTED_RATIO)
    print(f"  torchinfo takes {ratio:.0f} times as long (wanted: {WANTED_RATIO} times or more{held}),")
    print(f"  {afresh_ratio:.0f} times as long as analyse when no layer is remembered from a network before")


if __name__ == "__main__":
    main()
