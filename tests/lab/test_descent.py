"""Vectorised descent against a plain loop of torch tensors and torch.optim."""

import json

import numpy as np
import pytest
import torch

from app.lab.descent import Descent, Lane, Member, sample_steps, scale_at
from app.lab.least_squares import Batches, random_problems
from app.lab.packing import Array
from app.lab.rules import Hyper


def plain_loop(descent: Descent, member: Member, run: int, steps: int, start: Array) -> Array:
    """One problem, one optimizer, step by step in torch."""
    X, t = torch.from_numpy(descent.problem.X[run]), torch.from_numpy(descent.problem.t[run])
    w = torch.tensor(start, requires_grad=True)
    rate = float(np.ravel(member.hyper.rate)[0])
    kinds = {
        "sgd": {},
        "gd": {},
        "heavy-ball": {"momentum": 0.9},
        "nesterov": {"momentum": 0.9, "nesterov": True},
    }
    optimizer: torch.optim.Optimizer
    if member.rule == "adam":
        optimizer = torch.optim.Adam([w], lr=rate)
    else:
        optimizer = torch.optim.SGD([w], lr=rate, **kinds[member.rule])  # type: ignore[arg-type]
    for step in range(steps):
        rows = slice(None) if member.rule == "gd" else descent.batches.rows(step)[run]
        for group in optimizer.param_groups:
            group["lr"] = rate * (scale_at(step / descent.steps) if member.anneals else 1)
        loss = ((X[rows] @ w - t[rows]) ** 2).mean() + float(np.max(member.penalty)) * (w**2).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            w *= 1 - float(np.max(member.decay))
        optimizer.step()
    return np.asarray(w.detach().numpy())


@pytest.mark.parametrize("rule", ["sgd", "gd", "heavy-ball", "nesterov", "adam"])
@pytest.mark.parametrize("extra", ["none", "penalty", "decay", "anneals"])
def test_every_run_goes_as_its_plain_loop(rule: str, extra: str) -> None:
    problem, batches = random_problems(1, 3, 5, 8), Batches(1, 3, 5, 2)
    member = Member(
        "one",
        rule,
        Hyper(0.01),
        anneals=extra == "anneals",
        penalty=0.3 if extra == "penalty" else 0.0,
        decay=0.02 if extra == "decay" else 0.0,
    )
    other = Member("other", "adam", Hyper(0.02))
    descent = Descent(problem, batches, [other, member], 60)
    start = np.random.default_rng(0).normal(size=(3, 1, 8))
    lanes = descent.start(start)
    descent.advance(lanes, 0, 25)
    descent.advance(lanes, 25, 60)
    for run in range(3):
        expected = plain_loop(descent, member, run, 60, start[run, 0])
        np.testing.assert_allclose(lanes["one"].w[run, 0], expected, rtol=1e-11, atol=1e-12)


def test_columns_of_a_member_go_as_members_of_their_own() -> None:
    problem, batches = random_problems(2, 1, 4, 6), Batches(2, 1, 4, 1)
    decays = np.array([0.0, 0.01, 0.1])
    wide = Member("wide", "adam", Hyper(0.05), decay=decays[:, None])
    single = [Member(f"{decay}", "adam", Hyper(0.05), decay=float(decay)) for decay in decays]
    descent = Descent(problem, batches, [wide, *single], 40)
    lanes = descent.start(np.ones((1, 1, 6)))
    descent.advance(lanes, 0, 40)
    for place, member in enumerate(single):
        np.testing.assert_allclose(lanes["wide"].w[:, place], lanes[member.name].w[:, 0], rtol=1e-12)


def test_lanes_keep_every_bit_in_json() -> None:
    problem, batches = random_problems(2, 2, 4, 6), Batches(2, 2, 4, 1)
    descent = Descent(problem, batches, [Member("a", "nadam", Hyper(0.05))], 50)
    lanes = descent.start(np.zeros((2, 1, 6)))
    descent.advance(lanes, 0, 20)
    copied = {"a": Lane.from_json(json.loads(json.dumps(lanes["a"].to_json())))}
    descent.advance(lanes, 20, 50)
    descent.advance(copied, 20, 50)
    assert lanes["a"].w.tobytes() == copied["a"].w.tobytes()


def test_divergence_is_flagged_keeps_finite_weights_and_leaves_others_alone() -> None:
    problem, batches = random_problems(2, 2, 4, 6), Batches(2, 2, 4, 1)
    good = Member("good", "sgd", Hyper(0.01))
    descent = Descent(problem, batches, [Member("bad", "sgd", Hyper(10.0)), good], 400)
    alone = Descent(problem, batches, [good], 400)
    lanes, reference = descent.start(np.zeros((2, 1, 6))), alone.start(np.zeros((2, 1, 6)))
    for first in range(0, 400, 50):
        descent.advance(lanes, first, first + 50)
        alone.advance(reference, first, first + 50)
    assert lanes["bad"].diverged is not None and np.isfinite(lanes["bad"].w).all()
    np.testing.assert_allclose(lanes["good"].w, reference["good"].w, rtol=1e-13)


@pytest.mark.parametrize("steps", [1, 2, 7, 100, 5000])
def test_sampled_steps_hold_both_ends_and_grow(steps: int) -> None:
    found = sample_steps(steps)
    assert found[0] == 0 and found[-1] == steps and len(found) <= 102
    assert found == sorted(set(found))


def test_schedule_keeps_half_and_ends_small() -> None:
    assert scale_at(0.0) == scale_at(0.5) == 1.0
    assert scale_at(1.0) == pytest.approx(1e-9)
    assert scale_at(0.75) == pytest.approx(10**-4.5)
