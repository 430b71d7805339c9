"""The demos by REST."""

import pytest
from fastapi.testclient import TestClient
from jsonschema_rs import Draft202012Validator, meta

NAMES = [
    "min-norm",
    "rmsprop-counterexample",
    "unrolled-gradient",
    "optimal-learning-rate",
    "weight-decay",
    "trajectories",
    "receptive-field",
    "train-colorizer",
]


def test_all_demos_are_listed(client: TestClient) -> None:
    demos = client.get("/api/v1/demos").json()["demos"]
    assert [demo["name"] for demo in demos] == NAMES
    for demo in demos:
        assert set(demo) == {"name", "title", "summary", "params_schema"}
        assert meta.is_valid(demo["params_schema"])


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_tells_its_text_and_a_schema_that_its_jobs_fit(client: TestClient, name: str) -> None:
    demo = client.get(f"/api/v1/demos/{name}").json()
    assert demo["name"] == name
    assert demo["text"]
    job = client.post("/api/v1/jobs", json={"demo": name}).json()
    Draft202012Validator(demo["params_schema"]).validate(job["params"])
    assert set(job["params"]) == set(demo["params_schema"]["properties"])


def test_an_unknown_demo_is_not_found(client: TestClient) -> None:
    answer = client.get("/api/v1/demos/no-such")
    assert answer.status_code == 404
    assert "rmsprop-counterexample" in answer.json()["detail"]
