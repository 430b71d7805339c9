"""trajectories: every path against torch.optim on torch's own surface, and honest endings."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from plotly.graph_objects import Figure

from app.lab import Finished, InvalidParams, demo, run_demo

DEMO = demo("trajectories")
Surface = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

IN_TORCH: dict[str, Surface] = {
    "himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    "rosenbrock": lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    "rastrigin": lambda x, y: (
        20 + x**2 + y**2 - 10 * torch.cos(2 * torch.pi * x) - 10 * torch.cos(2 * torch.pi * y)
    ),
    "beale": lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
    "saddle": lambda x, y: x**2 - y**2,
    "quadratic": lambda x, y: (x**2 + 100 * y**2) / 2,
}


def run(seed: int = 0, **params: Any) -> Finished:
    return run_demo(DEMO, params, seed=seed)


def torch_path(
    surface: str, name: str, rate: float, start: tuple[float, float], steps: int
) -> list[list[float]]:
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    kinds: dict[str, Callable[[], torch.optim.Optimizer]] = {
        "gd": lambda: torch.optim.SGD([w], lr=rate),
        "heavy-ball": lambda: torch.optim.SGD([w], lr=rate, momentum=0.9),
        "rmsprop": lambda: torch.optim.RMSprop([w], lr=rate),
        "adam": lambda: torch.optim.Adam([w], lr=rate),
    }
    optimizer = kinds[name]()
    path = [w.tolist()]
    for _ in range(steps):
        optimizer.zero_grad()
        IN_TORCH[surface](w[0], w[1]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        path.append(w.tolist())
    return path


@pytest.mark.parametrize("surface", IN_TORCH)
def test_paths_are_those_of_torch(surface: str) -> None:
    names = ["gd", "heavy-ball", "rmsprop", "adam"]
    start = (0.7, 0.9)
    found = run(surface=surface, optimizers=names, start=start, learning_rate=0.002, steps=100)
    for name in names:
        samples = found.series[f"{name}/path"]
        expected = np.array(torch_path(surface, name, 0.002, start, 100))
        np.testing.assert_allclose(
            np.column_stack([samples["x"], samples["y"]]), expected, rtol=1e-9, atol=1e-10
        )
        values = IN_TORCH[surface](*torch.from_numpy(expected.T)).numpy()
        np.testing.assert_allclose(found.series[f"{name}/value"]["y"], values, rtol=1e-8, atol=1e-9)


def test_an_own_rate_is_only_its_owners() -> None:
    together = run(surface="quadratic", optimizers=["gd", "adam"], learning_rates={"Adam": 0.1}, steps=20)
    alone = run(surface="quadratic", optimizers=["adam"], learning_rate=0.1, steps=20)
    ends = together.outcome.result["optimizers"]
    assert ends["adam"]["learning_rate"] == 0.1 and ends["gd"]["learning_rate"] == 0.01
    assert together.series["adam/path"] == alone.series["adam/path"]


def test_himmelblau_ends_at_a_known_minimum_and_says_which() -> None:
    result = run(surface="himmelblau", optimizers=["gd"], start=(4, 4)).outcome.result["optimizers"]["gd"]
    assert result["converged"] and result["distance_to_minimum"] < 1e-8
    assert (result["x"], result["y"]) == (pytest.approx(3), pytest.approx(2))


def test_who_goes_to_infinity_is_stopped_and_flagged() -> None:
    finished = run(surface="saddle", optimizers=["gd", "sign-descent"], learning_rate=0.1, start=(1.0, 0.1))
    found = finished.outcome.result["optimizers"]["gd"]
    assert found["left_at"] is not None and not found["converged"]
    # Undisturbed, y doubles as 1.2^t: it passes a million where it should.
    assert found["left_at"] == pytest.approx(np.log(1e7) / np.log(1.2), abs=2)
    assert any("left at step" in note for note in finished.outcome.notes)
    assert len(finished.series["gd/path"]["x"]) < len(finished.series["sign-descent/path"]["x"])


def test_leaving_the_domain_of_the_expression_is_flagged() -> None:
    finished = run(
        surface="expression",
        expression="sqrt(x) + y**2",
        optimizers=["gd"],
        start=(0.01, 1),
        learning_rate=0.1,
    )
    assert finished.outcome.result["optimizers"]["gd"]["left_at"] is not None


def test_a_run_that_has_not_converged_is_flagged() -> None:
    finished = run(surface="rosenbrock", optimizers=["gd"], learning_rate=1e-4, steps=20)
    assert any("has not converged" in note for note in finished.outcome.notes)


def test_noise_depends_on_the_seed_and_moves_sgd_off_gradient_descent() -> None:
    quiet = run(optimizers=["gd", "sgd"], steps=50)
    assert quiet.series["gd/path"] == quiet.series["sgd/path"]
    one, other = (run(seed, optimizers=["sgd"], steps=50, noise=1.0) for seed in (1, 2))
    assert one.series != other.series and one.series == run(1, optimizers=["sgd"], steps=50, noise=1.0).series


@pytest.mark.parametrize("expression", ["log(x)/y", "exp(x*y)", "1e6*x**2", "3", "abs(x) + abs(y)"])
def test_figures_of_any_expression_are_valid(expression: str) -> None:
    params: dict[str, Any] = {"surface": "expression", "expression": expression, "start": (1, 1), "steps": 5}
    finished = run(**params)
    for figure in DEMO.figures(DEMO.read(params), finished.series, finished.outcome).values():
        Figure(figure)


@pytest.mark.parametrize(("name", "axes"), [("contour", "xy"), ("relief", "xyz")])
def test_the_animations_move_one_marker_for_each_optimizer(name: str, axes: str) -> None:
    params: dict[str, Any] = {"optimizers": ["gd", "adam"], "steps": 300}
    finished = run(**params)
    figure = DEMO.figures(DEMO.read(params), finished.series, finished.outcome)[name]
    Figure(figure)
    assert 2 < len(figure["frames"]) <= 60
    moved = {tuple(frame["traces"]) for frame in figure["frames"]}
    assert len(moved) == 1
    for place, index in enumerate(moved.pop()):
        optimizer = ["gd", "adam"][place]
        path, runner = finished.series[f"{optimizer}/path"], figure["data"][index]
        for frame, at in ((figure["frames"][0], 0), (figure["frames"][-1], -1)):
            shown = frame["data"][place]
            assert (shown["x"], shown["y"]) == ([path["x"][at]], [path["y"][at]])
        # The newest point of the path that it belongs to, at the same height.
        role = {"head": "points", "runner": "walk"}[
            next(key for key in ("head", "runner") if key in runner["meta"])
        ]
        named = runner["meta"].get("head") or runner["meta"]["runner"]
        whole = next(trace for trace in figure["data"] if trace.get("meta", {}).get(role) == named)
        assert [runner[axis] for axis in axes] == [whole[axis][-1:] for axis in axes]


def test_a_path_in_three_dimensions_has_gaps_where_it_leaves_the_picture() -> None:
    params: dict[str, Any] = {
        "surface": "saddle",
        "optimizers": ["gd"],
        "start": (1, 0.5),
        "learning_rate": 0.1,
    }
    finished = run(**params)
    figure = DEMO.figures(DEMO.read(params), finished.series, finished.outcome)["relief"]
    x0, x1, y0, y1 = DEMO.read(params).window
    walk = next(trace for trace in figure["data"] if "walk" in trace.get("meta", {}))
    path = finished.series["gd/path"]
    inside = [x0 <= x <= x1 and y0 <= y <= y1 for x, y in zip(path["x"], path["y"], strict=True)]
    assert True in inside and False in inside
    assert [x is not None for x in walk["x"]] == [z is not None for z in walk["z"]] == inside
    ground = figure["data"][0]
    saddle = np.array([x * x - y * y for x, y in zip(path["x"], path["y"], strict=True)])[inside]
    lift = 0.02 * np.ptp(ground["z"])
    np.testing.assert_allclose([z for z in walk["z"] if z is not None], saddle + lift, atol=1e-6)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"surface": "expression", "expression": "x +"}, "too early"),
        ({"expression": "2x"}, "write"),
        ({"surface": "expression", "expression": "log(x)", "start": [-1, 0]}, "not defined at the start"),
        ({"start": [1]}, "start"),
        ({"start": [1, 2000]}, "1000"),
        ({"learning_rate": 0}, "greater than 0"),
        ({"learning_rates": {"adam": -1}}, "greater than 0"),
        ({"learning_rates": {"nobody": 1}}, "learning_rates"),
        ({"surface": "hill"}, "himmelblau"),
    ],
)
def test_settings_that_make_no_sense_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParams, match=words):
        DEMO.read(params)
