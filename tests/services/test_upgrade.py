"""Hosts are restarted one after the other under load; two versions serve side by side, there and back."""

import io
import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image

from app import __version__
from app.jobs.database import HEAD, Database, database_url
from app.settings import Settings
from tests.jobs.postgres import Cluster
from tests.services.balancer import Balancer
from tests.services.conftest import PlantMaker
from tests.services.plant import ROOT, Plant, eventually
from tests.services.test_kills import check

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")]

PARAMS = {"steps": 20, "points": 2, "sleep": 0.05}
PATIENT = {"picture_timeout": 110, "threads": 1}
"""The first picture brings torch and a model, which on a busy machine takes longer than a picture may."""
A_RUN_MAY_TAKE = 900.0
LATER = ("9.0.0", "9999")
"""Version and revision of the later Chromalab."""
NEW_REVISION = f'''"""A column that the version before knows nothing of."""

import sqlalchemy as sa
from alembic import op

revision = "{LATER[1]}"
down_revision = "{HEAD}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("note", sa.Text))
'''


class Visitors:
    """Ask for something all the time, each in a thread of its own; every answer is counted."""

    def __init__(self, balancer: Balancer) -> None:
        self.counts: Counter[str] = Counter()
        self.jobs: dict[int, str] = {}
        self._balancer, self._over = balancer, threading.Event()
        self._lock = threading.Lock()
        asking = (self._shapes, self._picture, self._job)
        self._threads = [threading.Thread(target=self._go_on, args=(ask,)) for ask in asking]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for_jobs(self, more: int) -> None:
        """Wait until so many more jobs have been handed in."""
        enough = len(self.jobs) + more
        eventually(lambda: len(self.jobs) >= enough, A_RUN_MAY_TAKE)

    def _go_on(self, ask: Callable[[int], httpx2.Response]) -> None:
        number = 0
        while not self._over.wait(0.05):
            try:
                outcome = str(ask(number).status_code)
            except httpx2.HTTPError as error:
                outcome = type(error).__name__
            with self._lock:
                self.counts[f"{ask.__name__.lstrip('_')} {outcome}"] += 1
            number += 1

    def _shapes(self, _: int) -> httpx2.Response:
        layers = [{"type": "Conv2d", "out_channels": 2, "kernel_size": 3}]
        return self._balancer.send("POST", "/api/v1/shapes", json={"input": [1, 8, 8], "layers": layers})

    def _picture(self, number: int) -> httpx2.Response:
        out = io.BytesIO()
        gray = np.random.default_rng(number).integers(0, 256, (64, 64), dtype=np.uint8)
        Image.fromarray(gray).save(out, "PNG")
        return self._balancer.send(
            "POST",
            "/api/v1/colorize",
            files={"image": ("a.png", out.getvalue(), "image/png")},
            data={"model": "pool-upsample"},
        )

    def _job(self, number: int) -> httpx2.Response:
        self._over.wait(1.0)
        body = {"demo": "counting", "params": PARAMS, "seed": number}
        answer = self._balancer.send("POST", "/api/v1/jobs", json=body)
        if answer.status_code == 202:
            self.jobs[number] = answer.json()["id"]
        return answer


def test_hosts_are_restarted_in_turn_without_a_dropped_request_or_a_lost_job(
    cluster: Cluster, tmp_path: Path
) -> None:
    url = cluster.create_database()
    plants = [Plant(tmp_path / name, url, {"drain_seconds": 10, **PATIENT}) for name in ("a", "b")]
    balancer = Balancer(plants)
    try:
        for plant in plants:
            plant.data_dir.mkdir()
            plant.start()
        for plant in plants:
            eventually(partial(balancer.is_ready, plant))
        visitors = Visitors(balancer)
        try:
            for plant in plants:
                visitors.wait_for_jobs(4)
                assert plant.web is not None
                plant.web.terminate()
                plant.web.wait(A_RUN_MAY_TAKE)
                assert not balancer.is_ready(plant)
                plant.start()
                eventually(partial(balancer.is_ready, plant), A_RUN_MAY_TAKE)
            visitors.wait_for_jobs(4)
        finally:
            visitors.stop()
        print(", ".join(f"{name}: {number}" for name, number in sorted(visitors.counts.items())))
        assert set(visitors.counts) == {"shapes 200", "picture 200", "job 202"}
        for seed, job_id in visitors.jobs.items():
            assert plants[0].finished(job_id, A_RUN_MAY_TAKE)["state"] == "succeeded"
            check(plants[0], job_id, PARAMS, seed, plants[0].all_events(job_id))
        taken_over = sum(plants[0].job(job_id)["attempts"] - 1 for job_id in visitors.jobs.values())
        print(f"{len(visitors.jobs)} jobs, {taken_over} taken over; all succeeded, each once")
        assert taken_over > 0
    finally:
        balancer.close()
        for plant in plants:
            plant.stop()
            print(plant.log[-2000:])


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """A checkout of a later version, whose tables have a column more."""
    root = tmp_path / "later"
    shutil.copytree(ROOT / "app", root / "app", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("models", "static", "templates", "tests"):
        (root / name).symlink_to(ROOT / name)
    for path, old, new in (
        ("app/__init__.py", f'"{__version__}"', f'"{LATER[0]}"'),
        ("app/jobs/database.py", f'HEAD = "{HEAD}"', f'HEAD = "{LATER[1]}"'),
    ):
        text = (root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (root / path).write_text(text.replace(old, new), encoding="utf-8")
    (root / "app/jobs/migrations/versions" / f"r{LATER[1]}_note.py").write_text(NEW_REVISION)
    return root


def version(plant: Plant) -> str:
    return str(plant.client.get(f"{plant.address}/healthz").json()["version"])


def revision(plant: Plant) -> str | None:
    given = {"data_dir": plant.data_dir, "database_url": plant.database_url}
    database = Database(database_url(Settings.model_validate(given)))
    try:
        return database.revision()
    finally:
        database.close()


def test_two_versions_side_by_side_there_and_back(make_plant: PlantMaker, later: Path) -> None:
    old, new = make_plant(), make_plant()
    new.root = later
    ids: list[str] = []

    def submit(plant: Plant) -> None:
        for _ in range(3):
            ids.append(plant.submit("counting", PARAMS, len(ids)))

    old.start()
    old.wait_until_ready()
    submit(old)
    assert revision(old) == HEAD
    new.start()
    eventually(lambda: revision(old) == LATER[1])
    assert [version(plant) for plant in (old, new)] == [__version__, LATER[0]]
    submit(old)
    submit(new)

    old.kill_web()  # and its worker with it
    old.start()
    old.wait_until_ready()
    eventually(lambda: len(old.workers()) == 1)
    submit(old)
    assert new.web is not None
    new.web.terminate()  # back to the old version, on the later tables
    new.web.wait(A_RUN_MAY_TAKE)
    for job_id in ids:
        assert old.finished(job_id, A_RUN_MAY_TAKE)["state"] == "succeeded"

    new.start()  # and there again
    assert old.web is not None
    old.web.terminate()
    old.web.wait(A_RUN_MAY_TAKE)
    submit(new)
    for seed, job_id in enumerate(ids):
        check(new, job_id, PARAMS, seed, new.all_events(job_id))
    assert revision(new) == LATER[1]
    print(f"{len(ids)} jobs of two versions, each ended once; the tables stayed at {LATER[1]}")
