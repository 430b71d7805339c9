"""A demo's page: the form of its settings, what is wrong with them, and a run that it names."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.jobs.service import Jobs
from app.lab import demos
from app.lab.rules import RULES

Get = Callable[..., Any]
JSON = {"Accept": "application/json"}


def filled(page: Any) -> list[tuple[str, str]]:
    """The fields that a browser would send."""
    found = []
    for element in page.elements:
        name = element.get("name")
        if (
            element.tag == "input"
            and name
            and (element.get("type") != "checkbox" or "checked" in element.attributes)
        ):
            found.append((name, element.get("value") or ""))
        if element.tag == "textarea" and name:
            found.append((name, element.text))
        if element.tag == "option" and "selected" in element.attributes:
            select = next(parent for parent in reversed(element.ancestors) if parent.tag == "select")
            found.append((select["name"], element["value"]))
    return [pair for pair in found if pair[0] != "jobs"]


@pytest.mark.parametrize("name", list(demos()))
def test_the_form_sends_the_defaults(client: TestClient, get: Get, jobs: Jobs, name: str) -> None:
    page = get(f"/lab/{name}")
    response = client.post(f"/lab/{name}", data=as_form(filled(page)), follow_redirects=False)
    assert response.status_code == 303
    job = jobs.job(response.headers["location"].rpartition("/")[2])
    assert job.demo == name and job.seed == 0
    assert job.params == demos()[name].read({}).model_dump(mode="json")


def as_form(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {}
    for key, value in pairs:
        form.setdefault(key, []).append(value)
    return form


@pytest.mark.parametrize("name", list(demos()))
def test_the_page_explains_itself(get: Get, name: str) -> None:
    page = get(f"/lab/{name}")
    text = page.one("main").text
    assert demos()[name].title in text and demos()[name].summary in text
    assert "$" not in page.one("div", class_="prose").text
    assert page.all("math"), "formulas are MathML"
    for control in page.all("input") + page.all("select") + page.all("textarea"):
        if (
            control.get("type") not in ("hidden", "range", "checkbox")
            and control.get(
                "name",
            ).__class__
            is str
        ):
            assert control.get("id") or any(parent.tag == "label" for parent in control.ancestors)


def test_the_update_rules_are_printed(get: Get) -> None:
    shown = get("/lab/trajectories").one("dl", class_="rules").text
    assert all(rule.title in shown for rule in RULES.values())


def test_a_link_fills_the_form(get: Get) -> None:
    page = get("/lab/min-norm?n=7&optimizer=nadam&compare=gd&compare=adamax&epsilon=1e-3&seed=42")
    sent = filled(page)
    assert ("n", "7") in sent and ("optimizer", "nadam") in sent and ("seed", "42") in sent
    assert [value for key, value in sent if key == "compare" and value] == ["gd", "adamax"]
    assert ("epsilon", "0.001") in sent


@pytest.mark.parametrize(
    ("demo", "fields", "place", "words"),
    [
        ("min-norm", {"n": "0"}, "n", "greater than or equal to 1"),
        ("min-norm", {"n": "many"}, "n", "valid integer"),
        ("min-norm", {"n": "40", "d": "30"}, "n", "below d"),
        ("min-norm", {"batch_size": "11"}, "batch_size", "at most n = 10"),
        ("min-norm", {"optimizer": "sdg"}, "optimizer", "'sgd'"),
        ("min-norm", {"steps": "200000", "d": "300", "optimizer": "full-matrix-adagrad"}, "", "of work"),
        ("min-norm", {"seed": "-1"}, "seed", "between 0"),
        ("min-norm", {"seed": "x"}, "seed", "whole number"),
        (
            "trajectories",
            {"surface": "expression", "expression": "__import__('os')"},
            "expression",
            "expected",
        ),
        ("trajectories", {"start": "1"}, "start", "field required"),
        ("trajectories", {"learning_rates.adam": "-1"}, "learning_rates", "greater than 0"),
        ("rmsprop-counterexample", {"beta": "3"}, "beta", "between 0 and 1"),
        ("rmsprop-counterexample", {"x": "0, 0"}, "x", "not be all zeros"),
        ("unrolled-gradient", {"steps": ""}, "steps", "at least 1 item"),
        ("receptive-field", {"network": "nonsense("}, "network", "never closed"),
    ],
)
def test_problems_stand_beside_their_cause_and_nothing_typed_is_lost(
    client: TestClient,
    parse: Callable[[str], Any],
    jobs: Jobs,
    demo: str,
    fields: dict[str, str],
    place: str,
    words: str,
) -> None:
    response = client.post(f"/lab/{demo}", data=fields, headers={"Accept": "text/html"})
    assert response.status_code == 422
    page = parse(response.text)
    slot = page.one("p", data_problem=place) if place else page.one("div", data_problem="")
    assert words.lower() in slot.text.lower(), slot.text
    assert "hidden" not in slot.attributes
    sent = filled(page)
    for name, value in fields.items():
        if name not in ("optimizer",):
            assert (name, value) in sent
    assert jobs.page(None, None, 5, None) == ([], None), "nothing was started"


def test_a_script_gets_the_job_and_its_link(client: TestClient, jobs: Jobs) -> None:
    response = client.post("/lab/weight-decay", data={"steps": "30", "key": "k"}, headers=JSON)
    assert response.status_code == 202
    body = response.json()
    assert jobs.job(body["id"]).params["steps"] == 30
    assert f"job={body['id']}" in body["link"] and "steps=30" in body["link"]
    again = client.post("/lab/weight-decay", data={"steps": "30", "key": "k"}, headers=JSON).json()
    assert again == body, "what is sent twice is one job"
    other = client.post("/lab/weight-decay", data={"steps": "31", "key": "k"}, headers=JSON).json()
    assert other["id"] != body["id"]


def test_a_script_gets_problems_with_pointers(client: TestClient) -> None:
    response = client.post("/lab/weight-decay", data={"steps": "0"}, headers=JSON)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["pointer"] == "/params/steps"


@pytest.mark.parametrize("name", list(demos()))
def test_the_preview_is_what_a_run_draws_on(client: TestClient, name: str) -> None:
    response = client.get(f"/lab/{name}/preview")
    assert response.status_code == 200
    body = response.json()
    assert body["link"].startswith(f"/lab/{name}?") and client.get(body["link"]).status_code == 200
    declared = {one.name for one in demos()[name].series(demos()[name].read({}))}
    growing = {
        trace["meta"]["points"]
        for figure in body["figures"].values()
        for trace in figure["data"]
        if trace.get("meta", {}).get("points")
    }
    assert growing and growing <= declared, "points find the curve that they belong to"


def test_the_preview_refuses_with_pointers(client: TestClient) -> None:
    response = client.get("/lab/min-norm/preview?n=0")
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/params/n"


def test_the_map_shows_the_start_before_anything_runs(client: TestClient) -> None:
    figure = client.get("/lab/trajectories/preview?start=-2,1").json()["figures"]["contour"]
    start = next(trace for trace in figure["data"] if trace.get("name") == "start")
    assert (start["x"], start["y"]) == ([-2.0], [1.0])


def test_a_link_with_a_run_shows_it(get: Get, begin: Any, work: Any, jobs: Jobs) -> None:
    job_id = begin("rmsprop-counterexample", learning_rate="91/410")
    work(jobs, job_id)
    page = get(f"/lab/rmsprop-counterexample?learning_rate=91/410&job={job_id}")
    assert page.one("article", id="run")["data-job"] == job_id
    assert "claims hold" in page.one("section", class_="certificate").text
    assert "28/41" in page.one("main").text


@pytest.mark.parametrize("job_id", ["0" * 32, "nonsense", "../../etc"])
def test_a_run_that_is_gone_leaves_its_settings(get: Get, job_id: str) -> None:
    page = get(f"/lab/min-norm?n=7&job={job_id}")
    assert "no longer kept" in page.one("main").text
    assert ("n", "7") in filled(page)


def test_a_run_of_another_demo_is_not_shown(get: Get, begin: Any) -> None:
    assert "no longer kept" in get(f"/lab/min-norm?job={begin('weight-decay')}").one("main").text


def test_unknown_settings_in_a_link_are_told(get: Get) -> None:
    assert "no setting for: learning" in get("/lab/min-norm?learning=3").one("main").text


def test_hostile_links_are_only_text(client: TestClient, parse: Callable[[str], Any]) -> None:
    hostile = '"><script>alert(1)</script>'
    page = parse(
        client.get("/lab/trajectories", params={"expression": hostile, "seed": hostile, hostile: "1"}).text
    )
    assert not [script for script in page.all("script") if "alert" in script.text]


def test_an_unknown_demo_is_a_404(client: TestClient) -> None:
    assert client.get("/lab/zebra").status_code == 404
    assert client.post("/lab/zebra", data={"n": "1"}).status_code == 404


def test_many_fields_and_broken_forms_are_refused(client: TestClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/lab/min-norm", content=b"&".join([b"n=1"] * 600), headers=form).status_code == 400
    assert client.post("/lab/min-norm", content=b"n=%ff%fe" * 2, headers=form).status_code in (400, 422)
    assert json.loads(client.get("/lab/min-norm/preview").text)
