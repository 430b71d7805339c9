"""Jobs as lines: titled, with what sets them apart."""

from typing import Any

from app.jobs.service import Jobs
from app.pages.lab.rows import rows


def test_a_line_tells_what_is_not_default(jobs: Jobs, begin: Any) -> None:
    plain, other = begin("min-norm"), begin("min-norm", n="12", optimizer="adam", compare="", seed="5")
    first, second = rows(jobs, [jobs.job(plain), jobs.job(other)])
    assert first.settings == ""
    assert second.settings == "Equations 12, Optimizer Adam, Beside it none, Seed 5"
    assert first.title == second.title == jobs.demo("min-norm").title


def test_a_demo_that_is_gone_is_called_by_its_name(jobs: Jobs, begin: Any) -> None:
    job = jobs.job(begin("min-norm"))
    jobs.__dict__["demos"] = {}
    (line,) = rows(jobs, [job])
    assert line.title == "min-norm" and line.settings == ""
