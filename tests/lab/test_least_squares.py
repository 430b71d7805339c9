"""Least squares against exact fractions, and mini-batches as a function of seed and step alone."""

from fractions import Fraction
from operator import mul

import numpy as np
import pytest
from numpy.typing import NDArray

from app.lab.least_squares import Batches, LeastSquares, random_problems, sign_problems

Matrix = list[list[Fraction]]


def solve_exactly(matrix: Matrix, right: list[Fraction]) -> list[Fraction]:
    """Gauss-Jordan elimination in fractions."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for place in range(len(rows)):
        pivot = next(row for row in range(place, len(rows)) if rows[row][place])
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for row in range(len(rows)):
            if row != place:
                factor = rows[row][place]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[place], strict=True)]
    return [row[-1] for row in rows]


def exact(array: NDArray[np.float64]) -> Matrix:
    return [[Fraction(float(value)) for value in row] for row in array]


def times(left: Matrix, right: Matrix) -> Matrix:
    columns = transposed(right)
    return [[sum(map(mul, row, column), Fraction(0)) for column in columns] for row in left]


def transposed(matrix: Matrix) -> Matrix:
    return [list(column) for column in zip(*matrix, strict=True)]


@pytest.fixture(scope="module")
def problems() -> LeastSquares:
    return random_problems(5, 3, 4, 7)


def test_minimum_norm_against_fractions(problems: LeastSquares) -> None:
    for X, t, found in zip(problems.X, problems.t, problems.minimum_norm(), strict=True):
        rows = exact(X)
        a = solve_exactly(times(rows, transposed(rows)), [Fraction(float(value)) for value in t])
        expected = times(transposed(rows), [[value] for value in a])
        np.testing.assert_allclose(found[0], [float(value[0]) for value in expected], rtol=1e-12)


def test_ridge_against_fractions(problems: LeastSquares) -> None:
    """(X^T X + n penalty I)^-1 X^T t, the d x d form that the library does not use."""
    penalty = Fraction(3, 10)
    rows = exact(problems.X[0])
    normal = times(transposed(rows), rows)
    for place in range(len(normal)):
        normal[place][place] += 4 * penalty
    right = times(transposed(rows), [[Fraction(float(value))] for value in problems.t[0]])
    expected = solve_exactly(normal, [value[0] for value in right])
    np.testing.assert_allclose(problems.ridge(0.3)[0, 0], [float(value) for value in expected], rtol=1e-11)


def test_nearest_solves_the_equations_along_the_preconditioned_rows(problems: LeastSquares) -> None:
    start = np.random.default_rng(0).normal(size=(3, 1, 7))
    diagonal = np.geomspace(0.1, 10, 7)
    found = problems.nearest(start, diagonal)
    assert np.abs(problems.residual(found)).max() < 1e-12
    for X, move in zip(problems.X, found - start, strict=True):
        # The move divided by D must be a combination of rows: adding it to them raises no rank.
        assert np.linalg.matrix_rank(np.vstack([X, move / diagonal]), tol=1e-9) == 4


def test_gradient_of_a_batch_against_finite_differences(problems: LeastSquares) -> None:
    w = np.random.default_rng(1).normal(size=(3, 2, 7))
    rows = np.array([[0, 2], [3, 1], [2, 3]])

    def loss(w: NDArray[np.float64]) -> NDArray[np.float64]:
        picked = np.take_along_axis(problems.residual(w), rows[:, None, :], axis=2)
        return np.asarray((picked**2).mean(axis=2))

    found = problems.gradient(w, rows)
    for axis in range(7):
        offset = np.zeros(7)
        offset[axis] = 1e-5
        slope = (loss(w + offset) - loss(w - offset)) / 2e-5
        np.testing.assert_allclose(found[..., axis], slope, rtol=1e-6, atol=1e-8)


def test_projection_is_the_row_space(problems: LeastSquares) -> None:
    w = np.random.default_rng(2).normal(size=(3, 1, 7))
    inside = problems.in_row_space(w)
    np.testing.assert_allclose(problems.in_row_space(inside), inside, atol=1e-14)
    np.testing.assert_allclose(problems.X @ np.swapaxes(w - inside, 1, 2), 0, atol=1e-13)


def test_a_seed_gives_the_same_problem_for_any_number_of_them() -> None:
    many, one = random_problems(9, 4, 3, 5), random_problems(9, 1, 3, 5)
    assert np.array_equal(many.X[0], one.X[0]) and not np.array_equal(many.X[1], one.X[0])


def test_sign_problems_meet_wilsons_condition() -> None:
    problems = sign_problems(3, 4, 5, 12)
    for X, t in zip(problems.X, problems.t, strict=True):
        seen = X @ np.sign(X.T @ t)
        np.testing.assert_allclose(seen / t, (seen / t)[0], rtol=1e-10)
        assert np.linalg.matrix_rank(X) == 5


@pytest.mark.parametrize("size", [1, 3, 4, 10])
def test_every_epoch_visits_every_row_once(size: int) -> None:
    batches = Batches(1, 2, 10, size)
    for epoch in (0, 1, 63, 64, 200):
        steps = range(epoch * batches.per_epoch, (epoch + 1) * batches.per_epoch)
        visited = np.concatenate([batches.rows(step) for step in steps], axis=1)
        assert [sorted(rows) for rows in visited.tolist()] == [list(range(10))] * 2


def test_batches_depend_on_seed_and_step_alone() -> None:
    forwards, backwards = Batches(4, 3, 7, 2), Batches(4, 3, 7, 2)
    first = [forwards.rows(step) for step in range(600)]
    for step in reversed(range(600)):
        assert np.array_equal(backwards.rows(step), first[step])
    assert any(not np.array_equal(Batches(5, 3, 7, 2).rows(step), first[step]) for step in range(10))
