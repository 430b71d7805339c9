"""Trains one of the course's networks while you watch, and leaves a model that can be used."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from app.lab.colorizer_settings import TrainColorizerParams
from app.lab.demo import Demo, DemoError, Run, Step
from app.lab.figures import chart, level
from app.lab.shown import Axis, Check, Figure, Json, Outcome, Point, Samples, Series, Table
from app.shapes import analyse
from app.shapes.presets import load_preset

ORDER = 8
PICTURES_A_STEP = 250
_EPOCH = Axis("epoch")
_LOSS = Axis("cross-entropy (nats)")
_CURVES = (
    Series("loss/batches", "training, as it goes", _EPOCH, _LOSS),
    Series("loss/train", "training, mean of the epoch", _EPOCH, _LOSS),
    Series("loss/validation", "validation", _EPOCH, _LOSS),
    Series("accuracy/validation", "validation", _EPOCH, Axis("accuracy (share of pixels)")),
)


class TrainColorizer(Demo[TrainColorizerParams]):
    """The demo."""

    name = "train-colorizer"
    title = "Train a colorizer"
    summary = "A course network learns to colour horses: live curves, samples each epoch, a model at the end."
    text = r"""
Colorization as classification: for each pixel of a gray picture the network says which of 24 colours it
has. The loss is the mean cross-entropy $-\frac{1}{N} \sum_i \ln p_i(c_i)$ over pixels; a network that knows
nothing has $\ln 24 \approx 3.178$. Accuracy is the share of pixels whose most likely colour is the true
one.

PoolUpsampleNet pools and upsamples with nothing to learn in either; ConvTransposeNet has as many parameters
and learns how to shrink and to grow; UNet also passes the first block and the picture itself on to the last
ones.

Every step of the run is some batches long and leaves a checkpoint, so that a run that was stopped goes on
where it was, with the same numbers. At the end the weights are stored with their SHA-256 and can colour
pictures.
"""
    params_model = TrainColorizerParams
    needs_folder = True

    def series(self, params: TrainColorizerParams) -> list[Series]:
        """Loss as it goes and by epoch, accuracy by epoch."""
        return list(_CURVES)

    def start(self, run: Run[TrainColorizerParams]) -> Json:
        """Untrained; which pictures are taken is settled here."""
        from app.lab.colorizer_run import choose_data

        return {"step": 0, "trained": 0, "done": 0.0, "data": choose_data(run.params.data, run.data)}

    def step(self, run: Run[TrainColorizerParams], state: Json) -> Step:
        """Some batches, or the evaluation at an epoch's end."""
        from app.lab.colorizer_run import load_trainer, sample_picture
        from app.training.checkpoint import CheckpointError
        from app.training.trainer import Diverged, Report

        trainer = load_trainer(run, state["data"], state["step"], state["trained"])
        reports: list[Report] = []
        try:
            trainer.advance(max(1, PICTURES_A_STEP // run.params.batch_size), reports.append)
        except (Diverged, CheckpointError) as error:
            raise DemoError(str(error)) from None
        points, pictures = [], []
        progress = trainer.progress
        if (finished := reports[-1].finished) is not None:
            epoch, accuracy = finished.epoch, finished.val_accuracy or 0.0
            points.append(Point("loss/train", epoch, finished.train_loss))
            points.append(Point("loss/validation", epoch, finished.val_loss))
            points.append(Point("accuracy/validation", epoch, accuracy))
            pictures.append(sample_picture(trainer, epoch))
        else:
            last = reports[-1]
            mean = sum(report.loss for report in reports) / len(reports)
            points.append(Point("loss/batches", last.epoch + last.batch / last.batches, mean))
        batches = trainer.task.batches(min(progress.epoch, trainer.recipe.epochs - 1))
        share = 1.0 if trainer.done else (progress.epoch + progress.batch / batches) / trainer.recipe.epochs
        after = state | {"step": state["step"] + 1, "trained": progress.step, "done": share}
        return Step(after, share, tuple(points), tuple(pictures), done=trainer.done)

    def finish(self, run: Run[TrainColorizerParams], state: Json) -> Outcome:
        """Publish the model, read it back, and measure that."""
        from app.lab.colorizer_run import BUILT_IN, load_trainer
        from app.networks.card import CardError
        from app.networks.weights import load_network
        from app.training.palette_task import evaluate_palette
        from app.training.publish import publish

        trainer = load_trainer(run, state["data"], state["step"], state["trained"])
        assert run.folder is not None  # load_trainer refuses to go without
        folder = run.folder / "models" / run.model_id
        history = [epoch.model_copy(update={"seconds": None}) for epoch in trainer.progress.history]
        try:
            card = publish(trainer.recipe, trainer.published, history, folder)
            score = evaluate_palette(load_network(folder, card), trainer.task.test, trainer.recipe.input)
        except (OSError, CardError) as error:
            raise DemoError(f"the model cannot be written: {error}") from None
        counts = trainer.task.test.target.flatten().bincount(minlength=card.classes)
        last = history[-1]
        result: Json = {
            "model": card.id,
            "folder": str(PurePosixPath("models") / card.id),
            "sha256": card.sha256,
            "data": state["data"],
            "pictures": len(trainer.task.target),
            "parameters": card.parameters,
            "accuracy": score.accuracy,
            "loss": score.loss,
            "most_frequent_color": float(counts.max() / counts.sum()),
            "history": [epoch.model_dump(exclude={"seconds"}) for epoch in history],
        }
        reached = last.val_accuracy or 0.0
        checks = (
            Check.equal("The stored model gives the last epoch's accuracy", score.accuracy, reached),
            Check.at_least(
                "It beats always saying the most frequent colour",
                score.accuracy,
                result["most_frequent_color"],
            ),
            Check.equal("It has the parameters of arithmetic", card.parameters, _parameters(run.params)),
        )
        notes = (
            ("Trained on made pictures, for lack of CIFAR-10: the model is for trying out only.",)
            if state["data"] == BUILT_IN
            else ()
        )
        columns = ("epoch", "training loss", "validation loss", "validation accuracy")
        rows = tuple((one.epoch, one.train_loss, one.val_loss, one.val_accuracy) for one in history)
        return Outcome(result, checks, (Table("history", "Epochs", columns, rows),), notes=notes)

    def figures(
        self, params: TrainColorizerParams, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        """Losses, and accuracy with that of the most frequent colour."""
        places = {one.name: place for place, one in enumerate(_CURVES)}
        loss, accuracy = chart(_CURVES[:3], series, places), chart(_CURVES[3:], series, places)
        if outcome is not None:
            shape, label = level(outcome.result["most_frequent_color"], "most frequent colour")
            accuracy["layout"] |= {"shapes": [shape], "annotations": [label]}
        return {"loss": loss, "accuracy": accuracy}


def _parameters(params: TrainColorizerParams) -> int:
    """Parameters of the network by `app.shapes`, its kernel size put in."""
    body = load_preset(params.network)
    total = analyse(_with_kernel(body, params.kernel_size)).totals.parameters
    assert isinstance(total, int)
    return total


def _with_kernel(part: Json, kernel: int) -> Json:
    """The preset with another kernel, its paddings chosen as the network's code does: shapes stay."""
    changed = dict(part)
    if "layers" in part:
        changed["layers"] = [_with_kernel(layer, kernel) for layer in part["layers"]]
    if "kernel_size" not in part or part["type"] == "MaxPool2d":
        return changed
    changed["kernel_size"] = kernel
    if part["type"] == "ConvTranspose2d":
        changed |= {"padding": (kernel - 1) // 2, "output_padding": kernel % 2}
    else:
        changed["padding"] = (kernel - 1) // 2 if part.get("stride", 1) == 2 else "same"
    return changed
