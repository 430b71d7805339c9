"""A demo that misbehaves costs its own job, which says why; the worker and the jobs beside it live on."""

import sys

from tests.services.plant import Plant

REASONS = {
    "raises": "The demo broke: ZeroDivisionError: division by zero.",
    "refuses": "This run cannot go on.",
    "hangs": "A step took longer than the 5 s that one may take, so it was stopped.",
    "gives NaN in the state": "A number that is not finite came out in the state.x.",
    "gives NaN in the outcome": "A number that is not finite came out in result.x.",
    "is killed": "Its process died 2 times in a row at the same step "
    "(its process was ended by signal 9); not tried again.",
}
if sys.platform == "linux":
    REASONS["allocates"] = "It needs more than 512 MiB of memory."


def test_its_job_fails_with_the_reason_and_the_worker_lives_on(plant: Plant) -> None:
    workers = plant.workers()
    assert len(workers) == 1
    beside = plant.submit("counting", {"steps": 20, "sleep": 0.01})
    jobs = {deed: plant.submit("wild", {"deed": deed}) for deed in REASONS}
    assert {deed: plant.finished(job)["error"] for deed, job in jobs.items()} == REASONS
    for job in jobs.values():
        told = plant.all_events(job)
        assert [event[0] for event in told] == list(range(1, len(told) + 1))
        assert told[-1][1:] == ("end", {"state": "failed", "error": plant.job(job)["error"]})
    assert plant.finished(beside)["state"] == "succeeded"
    assert plant.finished(plant.submit("wild"))["state"] == "succeeded"
    assert plant.workers() == workers
