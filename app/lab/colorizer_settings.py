"""What a run of `train-colorizer` may be asked for; apart from what trains, which loads torch."""

from typing import Literal, Self

from pydantic import model_validator

from app.lab.demo import Params
from app.lab.fields import choice, number, switch


class TrainColorizerParams(Params):
    """Settings of `train-colorizer`."""

    network: Literal["pool-upsample", "conv-transpose", "unet"] = choice(
        "conv-transpose", "Network", "One of the course's three."
    )
    kernel_size: int = number(
        3, "Kernel size", "Of every convolution; odd for pool-upsample.", low=2, high=7, symbol="k", more=True
    )
    data: Literal["auto", "horses-24", "built-in"] = choice(
        "auto",
        "Pictures",
        "horses-24: CIFAR-10's horses; built-in: a few made pictures; auto: horses if they are here.",
        more=True,
    )
    pictures: int = number(
        5000, "Training pictures", "At most so many are used.", low=50, high=5000, scale="log"
    )
    epochs: int = number(5, "Epochs", "Passes over the training pictures.", low=1, high=25)
    batch_size: int = number(
        50, "Batch size", "Pictures in a batch.", low=10, high=200, scale="log", more=True
    )
    learning_rate: float = number(
        2e-3, "Learning rate", "Of Adam.", low=1e-5, high=0.1, scale="log", symbol="\\eta"
    )
    schedule: Literal["constant", "one-cycle"] = choice(
        "one-cycle", "Schedule", "one-cycle: a short warm-up, then half a cosine to zero.", more=True
    )
    center_gray: bool = switch(True, "Centre the gray", "Input (g - 1/2) / (1/4) instead of g.", more=True)

    @model_validator(mode="after")
    def _kernel_fits(self) -> Self:
        if self.network == "pool-upsample" and self.kernel_size % 2 == 0:
            raise ValueError(
                "pool-upsample needs an odd kernel_size: an even one cannot keep the size at stride 1"
            )
        return self
