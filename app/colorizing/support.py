"""What a model can honour of what a person may ask."""

from app.colorizing.options import Options, UnsupportedOption
from app.networks.card import Card, NetworkSpec

_TAKING_HINTS = frozenset({"photo-unet"})


def check_supported(card: Card, options: Options) -> None:
    """Raise UnsupportedOption for what no such model can do."""
    if takes_hints(card):
        return
    if options.hints:
        raise UnsupportedOption("hints", f"Hints are not supported by the model {card.id!r}.")
    if options.candidate:
        raise UnsupportedOption(
            "candidate", f"Candidates are not supported by the model {card.id!r}; 0 is its only one."
        )


def takes_hints(card: Card) -> bool:
    """Whether a model's network has planes for hints; its other candidates are made by hints, too."""
    return _takes_hints(card.network)


def _takes_hints(spec: NetworkSpec) -> bool:
    if spec.type == "ensemble":
        members = [NetworkSpec.model_validate(member) for member in spec.arguments.get("members", ())]
        return bool(members) and all(map(_takes_hints, members))
    return spec.type in _TAKING_HINTS
