"""Settings with which every demo is through in a moment."""

from typing import Any

QUICK: dict[str, dict[str, Any]] = {
    "min-norm": {
        "n": 4,
        "d": 9,
        "steps": 300,
        "compare": ["adam", "full-matrix-adagrad", "heavy-ball"],
        "runs": 2,
    },
    "rmsprop-counterexample": {},
    "unrolled-gradient": {"d": 5, "n": 3, "steps": [1, 4, 16]},
    "optimal-learning-rate": {"n": 4, "d": 6, "steps": 3, "descent": 60},
    "weight-decay": {"n": 4, "d": 6, "steps": 40, "sweep": 2},
    "trajectories": {"steps": 1200, "optimizers": ["gd", "nadam"], "noise": 0.1},
    "receptive-field": {"depth": 3, "channels": 2, "draws": 3},
    "train-colorizer": {"data": "built-in", "pictures": 50, "epochs": 2, "batch_size": 20},
}
