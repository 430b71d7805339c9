"""Shape arithmetic is light: nothing that computes a network loads torch, SymPy or NumPy."""

import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from app.shapes import analyse
from app.shapes.catalogue import catalogue
from app.shapes.drawing import to_svg
from app.shapes.exporting import pytorch_file, result_json, to_csv
from app.shapes.importing import import_network
from app.shapes.presets import load_preset
from app.shapes.solving import solve, solve_block
body = load_preset("pool-upsample")
del body["substitute"]
report = analyse({**body, "input": ["NIC", "H", "W"]})
result_json(report, formulas=True), to_csv(report), to_svg(report), pytorch_file(report), catalogue()
import_network("nn.Sequential(nn.Linear(3, 4))")
heavy = {"torch", "torchvision", "sympy", "numpy", "fastapi", "pydantic", "sqlalchemy"}
print(sorted(heavy & set(sys.modules)))
"""


def test_computing_a_network_loads_nothing_heavy() -> None:
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run([sys.executable, "-c", CODE], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
