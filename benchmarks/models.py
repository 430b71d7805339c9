"""The models to measure with: those that are shipped, or, where there are none, one with random weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from app.colorizing.registry import Registry
from app.networks.card import CONFIG_NAME, WEIGHTS_NAME, Card, NetworkSpec, sha256_of
from app.networks.palette import HORSES_24
from app.settings import Settings


@contextmanager
def models_dir() -> Iterator[Path]:
    """A folder with at least one model."""
    shipped = Settings().models_dir
    if shipped.is_dir() and Registry(shipped).cards:
        yield shipped
        return
    with TemporaryDirectory() as folder:
        print("no trained model is there; measuring a U-Net with random weights")
        random_model(Path(folder) / "unet")
        yield Path(folder)


def random_model(folder: Path) -> None:
    """Write the course's U-Net, untrained, as a model folder."""
    from app.networks.build import build
    from app.networks.weights import save_weights

    folder.mkdir()
    spec = NetworkSpec(type="unet")
    network = build(spec)
    save_weights(network, folder / WEIGHTS_NAME)
    card = Card(
        id=folder.name,
        title="Untrained U-Net",
        task="palette",
        network=spec,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        input_size=32,
        size_multiple=4,
        palette=list(HORSES_24),
        trained_on="nothing",
        licence="none needed",
        sha256=sha256_of(folder / WEIGHTS_NAME),
    )
    (folder / CONFIG_NAME).write_text(card.model_dump_json())
