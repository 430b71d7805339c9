"""The example script, against a real service."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.services.plant import PATIENCE, ROOT, Plant


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    plant = Plant(tmp_path_factory.mktemp("example") / "data")
    plant.start()
    yield plant
    plant.stop()


def run(plant: Plant, *arguments: str) -> "subprocess.CompletedProcess[str]":
    server = plant.api.removesuffix("/api/v1")
    return subprocess.run(
        [sys.executable, "examples/run_demo.py", *arguments, server],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_it_prints_progress_and_then_the_certificate(plant: Plant) -> None:
    done = run(plant, "rmsprop-counterexample", '{"learning_rate": "91/410"}')
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith("100%") and "rmsprop/distance: " in line for line in lines)
    certificate = [line for line in lines if " | " in line]
    assert certificate
    assert all(line.startswith("holds | ") for line in certificate)
    assert "with rate 91/410 has loss exactly 0 | 0 | 0" in certificate[0]


def test_it_says_why_a_job_failed(plant: Plant) -> None:
    done = run(plant, "wild", '{"deed": "refuses"}')
    assert done.returncode == 1
    assert "The job has failed. This run cannot go on." in done.stderr


def test_it_says_what_the_service_refused(plant: Plant) -> None:
    done = run(plant, "min-norm", '{"n": 0}')
    assert done.returncode == 1
    assert "/params/n" in done.stderr
    assert "Traceback" not in done.stderr
