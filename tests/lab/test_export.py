import csv
import io

from app.lab import demo, run_demo
from app.lab.export import series_csv


def test_every_point_comes_back_from_csv() -> None:
    series = run_demo(demo("optimal-learning-rate"), {"n": 3, "d": 4, "descent": 20}).series
    rows = list(csv.DictReader(io.StringIO(series_csv(series))))
    for name, samples in series.items():
        own = [row for row in rows if row["series"] == name]
        assert [float(row["x"]) for row in own] == samples["x"]
        assert [float(row["y"]) for row in own] == samples["y"]
    assert len(rows) == sum(len(samples["x"]) for samples in series.values())


def test_names_with_commas_are_quoted_and_nothing_is_an_empty_table() -> None:
    assert series_csv({'a,"b': {"x": [1], "y": [0.1]}}) == 'series,x,y\r\n"a,""b",1,0.1\r\n'
    assert series_csv({}) == "series,x,y\r\n"
