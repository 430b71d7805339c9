"""The functions of two variables that optimizers are watched on, as texts of the expression grammar."""

from dataclasses import dataclass

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Surface:
    """A function with where to look at it, where to start, and the minima that are known."""

    name: str
    title: str
    expression: str
    window: tuple[float, float, float, float]
    """x from, x to, y from, y to."""
    start: Place
    minima: tuple[Place, ...] = ()


_LIST = (
    Surface(
        "himmelblau",
        "Himmelblau",
        "(x**2 + y - 11)**2 + (x + y**2 - 7)**2",
        (-6, 6, -6, 6),
        (-1.0, -1.0),
        (
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.779310253377747, -3.283185991286169),
            (3.584428340330492, -1.848126526964404),
        ),
    ),
    Surface(
        "rosenbrock",
        "Rosenbrock",
        "(1 - x)**2 + 100*(y - x**2)**2",
        (-2, 2, -1, 3),
        (-1.5, 2.0),
        ((1.0, 1.0),),
    ),
    Surface(
        "rastrigin",
        "Rastrigin",
        "20 + x**2 + y**2 - 10*cos(2*pi*x) - 10*cos(2*pi*y)",
        (-5.12, 5.12, -5.12, 5.12),
        (2.3, -1.7),
        ((0.0, 0.0),),
    ),
    Surface(
        "beale",
        "Beale",
        "(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2",
        (-4.5, 4.5, -4.5, 4.5),
        (1.0, 1.5),
        ((3.0, 0.5),),
    ),
    Surface("saddle", "Saddle", "x**2 - y**2", (-2, 2, -2, 2), (-1.5, 0.001)),
    Surface(
        "quadratic",
        "Ill-conditioned quadratic",
        "(x**2 + 100*y**2)/2",
        (-3, 3, -3, 3),
        (-2.5, 2.0),
        ((0.0, 0.0),),
    ),
)
SURFACES: dict[str, Surface] = {surface.name: surface for surface in _LIST}
OWN_WINDOW = (-5.0, 5.0, -5.0, 5.0)
