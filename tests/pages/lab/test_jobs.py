"""The list of jobs and each job's page, in every state, with nothing but forms and links."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.jobs.service import Jobs

Get = Callable[..., Any]


def lines(page: Any) -> list[str]:
    return [row["data-job"] for row in page.all("tr") if row.get("data-job")]


def test_a_queued_job_refreshes_itself_and_can_be_cancelled(client: TestClient, get: Get, begin: Any) -> None:
    job_id = begin("weight-decay", steps="30")
    page = get(f"/lab/jobs/{job_id}")
    refresh = page.one("meta", http_equiv="refresh")
    assert any(parent.tag == "noscript" for parent in refresh.ancestors) and int(refresh["content"]) <= 5
    assert "Waiting for a worker" in page.one("article", id="run").text
    assert "30" in page.one("dl", class_="job-settings").text
    action = page.one("form", data_act="cancel")["action"]
    response = client.post(action, follow_redirects=False)
    assert response.status_code == 303 and response.headers["location"] == f"/lab/jobs/{job_id}"
    after = get(f"/lab/jobs/{job_id}")
    assert "Cancelled" in after.one("article", id="run").text
    assert not after.all("meta", http_equiv="refresh")
    again = client.post(after.one("form", data_act="resume")["action"], follow_redirects=False)
    assert again.status_code == 303
    resumed = again.headers["location"].rpartition("/")[2]
    assert resumed != job_id
    assert resumed in get(f"/lab/jobs/{job_id}").one("article", id="run").text or any(
        resumed in a["href"] for a in get(f"/lab/jobs/{job_id}").all("a")
    )


def test_a_running_job_shows_its_numbers_so_far(get: Get, begin: Any, work: Any, jobs: Jobs) -> None:
    job_id = begin("weight-decay", steps="100")
    work(jobs, job_id, steps=3)
    page = get(f"/lab/jobs/{job_id}")
    assert page.one("progress")["value"] == str(jobs.job(job_id).progress)
    assert 0 < jobs.job(job_id).progress < 1
    numbers = [row for row in page.all("tr") if any(p.get("class") == "is-dense data" for p in row.ancestors)]
    assert len(numbers) > 3
    assert not page.all("section", class_="certificate")


@pytest.mark.parametrize(
    ("demo", "fields"),
    [
        (
            "min-norm",
            {"steps": "200", "n": "3", "d": "5", "epsilon_sweep": ["false", "true"], "optimizer": "adam"},
        ),
        ("rmsprop-counterexample", {}),
        ("unrolled-gradient", {"steps": "1, 4, 16", "d": "5"}),
        ("optimal-learning-rate", {"steps": "3", "descent": "50"}),
        ("weight-decay", {"steps": "30", "sweep": "2"}),
        ("trajectories", {"steps": "100"}),
        ("receptive-field", {"depth": "3", "draws": "2", "channels": "2"}),
    ],
)
def test_a_finished_job_shows_all_it_found(
    client: TestClient, get: Get, begin: Any, work: Any, jobs: Jobs, demo: str, fields: dict[str, Any]
) -> None:
    job_id = begin(demo, **fields)
    work(jobs, job_id)
    page = get(f"/lab/jobs/{job_id}")
    result = client.get(f"/api/v1/jobs/{job_id}/result").json()
    claims = page.one("table", class_="claims")
    rows = [row for row in page.all("tr") if claims in row.ancestors][1:]
    assert len(rows) == len(result["certificate"])
    for row, check in zip(rows, result["certificate"], strict=True):
        assert check["claim"] in row.text
        assert ("yes" if check["holds"] else "no") in row.text
    for plot in [element for element in page.elements if element.get("data-source") and element.tag == "div"]:
        if plot.get("data-figure"):
            assert client.get(plot["data-source"]).json()["data"] is not None
    for image in page.all("img"):
        picture = client.get(image["src"])
        assert picture.status_code == 200 and picture.headers["content-security-policy"].startswith(
            "default-src 'none'"
        )
        assert image["alt"]
    for link in page.all("a"):
        if "download" in link.attributes:
            assert client.get(link["href"]).status_code == 200
    for note in result["notes"]:
        assert note in page.one("main").text


def test_a_failed_job_says_why(get: Get, begin: Any, work: Any, jobs: Jobs) -> None:
    job_id = begin("min-norm")
    work(jobs, job_id, fails="A <b>number</b> that is not finite came out.")
    page = get(f"/lab/jobs/{job_id}")
    notices = [element for element in page.all("p", class_="notice") if "It failed" in element.text]
    assert "A <b>number</b> that is not finite" in notices[0].text, "escaped, and whole"


def test_deleting_takes_it_from_the_list(client: TestClient, get: Get, begin: Any) -> None:
    job_id = begin("min-norm")
    assert job_id in lines(get("/lab/jobs"))
    response = client.post(f"/lab/jobs/{job_id}/delete", follow_redirects=False)
    assert response.status_code == 303 and response.headers["location"] == "/lab/jobs"
    assert job_id not in lines(get("/lab/jobs"))
    assert client.get(f"/lab/jobs/{job_id}").status_code == 404


def test_the_list_filters_and_pages(client: TestClient, get: Get, begin: Any, work: Any, jobs: Jobs) -> None:
    ids = [begin("weight-decay", seed=str(seed)) for seed in range(27)]
    other = begin("rmsprop-counterexample")
    work(jobs, other)
    first = get("/lab/jobs")
    assert lines(first) == [other, *reversed(ids[3:])]
    following = next(a["href"] for a in first.all("a") if a.get("rel") == "next")
    assert lines(get(following)) == list(reversed(ids[:3]))
    assert lines(get("/lab/jobs?state=succeeded")) == [other]
    assert lines(get("/lab/jobs?demo=rmsprop-counterexample&state=")) == [other]
    assert lines(get("/lab/jobs?state=failed")) == []
    chosen = get("/lab/jobs?state=queued").all("option", selected="")
    assert [option["value"] for option in chosen] == ["queued"]
    assert client.get("/lab/jobs?before=0").status_code == 422
    assert lines(get("/lab/jobs?state=zebra&demo=%00%27--")) == []


@pytest.mark.parametrize("act", ["", "/run", "/pictures/graph"])
def test_what_is_not_there_is_a_404(client: TestClient, act: str) -> None:
    assert client.get(f"/lab/jobs/{'0' * 32}{act}").status_code == 404


@pytest.mark.parametrize("act", ["cancel", "resume", "delete"])
def test_acting_on_nothing_is_a_404(client: TestClient, act: str) -> None:
    assert client.post(f"/lab/jobs/{'0' * 32}/{act}").status_code == 404


def test_cancelling_what_has_ended_is_told(client: TestClient, begin: Any, work: Any, jobs: Jobs) -> None:
    job_id = begin("rmsprop-counterexample")
    work(jobs, job_id)
    assert client.post(f"/lab/jobs/{job_id}/cancel", headers={"Accept": "text/html"}).status_code == 409


def test_the_part_for_the_script_is_the_run_alone(get: Get, begin: Any) -> None:
    page = get(f"/lab/jobs/{begin('min-norm')}/run")
    assert page.elements[0].tag == "article" and not page.all("html")
