"""Series as tables: nothing lost, nothing invented, long ones thinned."""

from app.lab.shown import Axis, Samples, Series
from app.pages.lab.tables import MOST_ROWS, series_tables

STEP, VALUE = Axis("step"), Axis("value")


def samples(*points: tuple[float, float]) -> Samples:
    return {"x": [x for x, _ in points], "y": [y for _, y in points]}


def test_curves_with_equal_axes_stand_side_by_side() -> None:
    declared = [Series("a", "A", STEP, VALUE), Series("b", "B", STEP, VALUE), Series("c", "C", STEP, STEP)]
    tables = series_tables(declared, {"a": samples((0, 1), (2, 3)), "b": samples((0, 5), (1, 7))})
    assert [table.columns for table in tables] == [("step", "A", "B")]
    assert tables[0].rows == ((0, 1, 5), (1, None, 7), (2, 3, None))


def test_a_path_that_crosses_itself_keeps_its_order() -> None:
    declared = [Series("a", "A", Axis("x"), Axis("y"))]
    (table,) = series_tables(declared, {"a": samples((0, 1), (1, 2), (0, 3))})
    assert table.columns == ("A: x", "A: y")
    assert table.rows == ((0, 1), (1, 2), (0, 3))


def test_long_tables_are_thinned_and_keep_both_ends() -> None:
    declared = [Series("a", "A", STEP, VALUE)]
    (table,) = series_tables(declared, {"a": samples(*((x, 2 * x) for x in range(5000)))})
    assert len(table.rows) == MOST_ROWS
    assert table.rows[0] == (0, 0) and table.rows[-1] == (4999, 9998)
    assert all(y == 2 * x for x, y in table.rows)  # type: ignore[operator]
