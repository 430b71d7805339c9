"""Which models take hints and have candidates, and what the others say."""

from pathlib import Path

import pytest

from app.colorizing.options import Hint, Options, UnsupportedOption
from app.colorizing.support import check_supported, takes_hints
from app.networks.card import Card, NetworkSpec, read_card

PHOTO = NetworkSpec(type="photo-unet")
UNET = NetworkSpec(type="unet")
HINTED, OTHER = Options(hints=(Hint(x=0, y=0, color="#123456"),)), Options(candidate=1)


@pytest.fixture(scope="module")
def card(tiny_models: Path) -> Card:
    return read_card(tiny_models / "photo")


def ensemble(*members: NetworkSpec) -> NetworkSpec:
    return NetworkSpec(
        type="ensemble", arguments={"members": [member.model_dump() for member in members], "mirror": True}
    )


@pytest.mark.parametrize(
    ("spec", "takes"),
    [
        (PHOTO, True),
        (UNET, False),
        (ensemble(PHOTO, PHOTO), True),
        (ensemble(PHOTO, UNET), False),
        (ensemble(ensemble(PHOTO)), True),
        (ensemble(), False),
    ],
)
def test_networks_with_planes_for_hints(card: Card, spec: NetworkSpec, takes: bool) -> None:
    able = card.model_copy(update={"network": spec})
    assert takes_hints(able) is takes
    for options in (HINTED, OTHER):
        if takes:
            check_supported(able, options)
        else:
            with pytest.raises(UnsupportedOption, match="not supported by the model 'photo'"):
                check_supported(able, options)


def test_every_model_can_do_without(card: Card) -> None:
    check_supported(card, Options(temperature=0.0, saturation=2.0, format="webp"))
