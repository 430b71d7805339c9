"""`chromalab train`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.settings import Settings

FAILED, MISUSED, INTERRUPTED = 1, 2, 130


def train(
    recipe: Annotated[str, typer.Argument(help="Id of a shipped recipe, or a TOML file.")],
    data: Annotated[
        list[str],
        typer.Option(
            "--data", "-d", help="Training pictures: zip archive, folder of class folders, or cifar10:FOLDER."
        ),
    ],
    test: Annotated[
        list[str] | None, typer.Option("--test", help="Test pictures; those of cifar10:FOLDER unless given.")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Folder of the run's checkpoint. [runs/RECIPE]")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of models to write to, where one that the recipe begins with is. "
            "[CHROMALAB_MODELS_DIR]"
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed than the recipe's.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads. [CHROMALAB_THREADS]")] = None,
    device: Annotated[str, typer.Option(help="Where to train: cpu, cuda, cuda:1 …")] = "cpu",
) -> None:
    """Train a network by a recipe and write it to the models folder.

    The run is saved every minute and after every epoch: stopped at any moment, the same command goes on from
    there and ends with the same weights. Exit code 1 when training failed, 2 for misuse.
    """
    told = Console(stderr=True, highlight=False)
    try:
        _train(recipe, data, test, run, out, seed, threads, device, told)
    except KeyboardInterrupt:
        told.print("interrupted; the same command goes on from here")
        raise typer.Exit(INTERRUPTED) from None


def _train(
    name: str,
    data: list[str],
    test: list[str] | None,
    run: Path | None,
    out: Path | None,
    seed: int | None,
    threads: int | None,
    device: str,
    told: Console,
) -> None:
    import torch

    from app.networks.card import CardError
    from app.training.checkpoint import CheckpointError
    from app.training.datasets import DatasetError
    from app.training.publish import publish
    from app.training.recipe import RecipeError, read_recipe
    from app.training.tasks import read_task
    from app.training.trainer import Diverged, Report, Trainer

    settings = Settings()
    torch.set_num_threads(threads or settings.threads)
    try:
        _check_device(device)
        recipe = read_recipe(name)
        if seed is not None:
            recipe = recipe.model_copy(update={"seed": seed})
        told.print("reading pictures …")
        task = read_task(recipe, data, test or ())
        models_dir = out or settings.models_dir
        start = models_dir / recipe.start if recipe.start else None
        trainer = Trainer(recipe, task, run or Path("runs") / recipe.id, start, device=device)
    except (RecipeError, DatasetError, CheckpointError, CardError) as error:
        told.print(f"chromalab: {error}", markup=False)
        raise typer.Exit(MISUSED) from None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=told, transient=True) as progress:
        total = sum(task.batches(epoch) for epoch in range(recipe.epochs))
        bar = progress.add_task(recipe.id, total=total, completed=trainer.progress.step)

        def listen(report: Report) -> None:
            progress.update(bar, completed=trainer.progress.step)
            if (epoch := report.finished) is not None:
                accuracy = f", accuracy {epoch.val_accuracy:.2%}" if epoch.val_accuracy is not None else ""
                progress.console.print(
                    f"epoch {epoch.epoch}/{report.epochs}: train loss {epoch.train_loss:.4f}, "
                    f"validation loss {epoch.val_loss:.4f}{accuracy}"
                )

        try:
            trainer.run(listen)
            folder = models_dir / recipe.id
            publish(recipe, trainer.published, trainer.progress.history, folder)
        except (CheckpointError, Diverged, OSError) as error:
            told.print(f"chromalab: {error}", markup=False)
            raise typer.Exit(FAILED) from None
    told.print(f"{recipe.id} is in {folder}", markup=False)


def _check_device(device: str) -> None:
    """Raises RecipeError unless something can be computed there."""
    import torch

    from app.training.recipe import RecipeError

    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise RecipeError(f"--device {device}: {str(error).splitlines()[0]}") from None
