"""What a layer type is: its arguments, and a function from arguments and input shapes to an effect."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from app.shapes.errors import RefusedError
from app.shapes.layers.arguments import Argument
from app.shapes.layers.conditions import Condition, at_least
from app.shapes.receptive.axes import AxisRelation
from app.shapes.sizes import Size, divide, is_whole, known_at_least, known_equal, to_text

Shape = tuple[Size, ...]
Variables = Mapping[str, Size | str]
"""Values for the variables of a formula: sizes, or LaTeX."""
Home = Literal[
    "torch.nn", "torchvision.ops", "torchvision.models.swin_transformer", "torchvision.models.maxvit", ""
]


class Effect(NamedTuple):
    """What a layer makes of one sample; the batch axis is left out everywhere."""

    output: Shape
    axes: tuple[tuple[AxisRelation, ...], ...]
    """For each input, how each output axis depends on it."""
    weights: Size = 0
    biases: Size = 0
    other_parameters: Size = 0
    """Parameters that are neither weights nor biases: a normalisation's scale and shift, embeddings, PReLU.
    """
    buffers: Size = 0
    connections: Size = 0
    connections_in_bounds: Size | None = 0
    other_products: Size = 0
    """Multiply-accumulates that `connections` does not count: recurrent layers, attention, Bilinear."""
    rearranges: bool = False
    """The output holds no new values, so it counts no neurons."""
    allocates: bool = True
    """The output takes memory of its own (not a view, not in place)."""
    inferred: Mapping[str, Any] = MappingProxyType({})
    """Arguments that were left out and follow from the input."""
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> Size:
        """What `sum(p.numel() for p in module.parameters())` says."""
        return self.weights + self.biases + self.other_parameters


@dataclass(frozen=True, slots=True)
class LayerType:
    """A kind of layer under PyTorch's name, with PyTorch's arguments in their positional order."""

    name: str
    family: str
    arguments: tuple[Argument, ...]
    apply: "Callable[[Call], Effect]"
    formula: str
    """LaTeX of the output's shape; `@x` stands for a variable that `variables` can fill with a value."""
    home: Home = "torch.nn"
    inputs: tuple[int, int] = (1, 1)
    variables: "Callable[[Call], list[Variables]] | None" = None
    """What fills `formula`, for each spatial axis."""
    parameters_formula: str = ""
    """LaTeX of the parameters, likewise."""
    parameter_variables: "Callable[[Call], Variables] | None" = None
    summary: str = ""
    defaults: Mapping[str, Any] = field(init=False, compare=False)
    """The value of every argument that is left out, None for those that must not be."""
    required: tuple[str, ...] = field(init=False, compare=False)
    """The arguments that must be given."""
    _by_name: Mapping[str, Argument] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        arguments = self.arguments
        object.__setattr__(self, "defaults", {argument.name: argument.standard for argument in arguments})
        object.__setattr__(self, "required", tuple(entry.name for entry in arguments if entry.required))
        object.__setattr__(self, "_by_name", {argument.name: argument for argument in arguments})

    def argument(self, name: str) -> Argument | None:
        """The argument called `name`, if there is one."""
        return self._by_name.get(name)


@dataclass(slots=True)
class Call:
    """One use of a layer type: checked argument values and input shapes; collects what must hold."""

    layer: LayerType
    values: dict[str, Any]
    shapes: tuple[Shape, ...]
    reads_input: bool = True
    """Whether the values read come straight from the network's input and may thus be integers."""
    conditions: list[Condition] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def refuse(self, reason: str, *sizes: Size, argument: str | None = None) -> RefusedError:
        """The error for what PyTorch would not run: `reason` with each {} filled by a size, blaming
        `argument`.
        """
        return RefusedError(reason.format(*map(to_text, sizes)), f"/{argument}" if argument else "")

    def at_least(
        self, value: Size, least: Size, reason: str, *sizes: Size, argument: str | None = None
    ) -> None:
        """Require `value >= least`; remembered as a condition where symbols leave it open."""
        if isinstance(value, int) and isinstance(least, int):
            if value < least:
                raise self.refuse(reason, *sizes, argument=argument)
            return
        known = known_at_least(value, least)
        if known is False:
            raise self.refuse(reason, *sizes, argument=argument)
        if known is None:
            self.conditions.append(at_least(value, least))

    def equal(self, left: Size, right: Size, reason: str, *sizes: Size, argument: str | None = None) -> None:
        """Require two sizes to be equal."""
        if left == right:
            return
        if known_equal(left, right) is False:
            raise self.refuse(reason, *sizes, argument=argument)
        self.condition(f"{to_text(left)} = {to_text(right)}")

    def quotient(
        self, whole: Size, part: Size, reason: str, *sizes: Size, argument: str | None = None
    ) -> Size:
        """`whole/part`, required to come out even."""
        if isinstance(whole, int) and isinstance(part, int):
            if whole % part:
                raise self.refuse(reason, *sizes, argument=argument)
            return whole // part
        quotient = divide(whole, part)
        if not is_whole(quotient):
            self.condition(f"{to_text(part)} divides {to_text(whole)}")
        return quotient

    def condition(self, text: str) -> None:
        """Remember something that must hold for PyTorch to accept the layer."""
        self.conditions.append(Condition(text))

    def shape(self, ranks: Sequence[int], meaning: str) -> Shape:
        """The only input's shape, whose rank must be one of `ranks`."""
        shape = self.shapes[0]
        if len(shape) not in ranks:
            wanted = " or ".join(str(rank) for rank in ranks)
            raise RefusedError(
                f"{self.layer.name} reads {meaning}, {wanted} sizes without the batch, "
                f"but its input is {show(shape)}"
            )
        return shape

    def match(self, name: str, found: Size, meaning: str) -> Size:
        """The argument `name`, taken from the input when left out, and checked against it when given."""
        given: Size | None = self.values[name]
        if given is None:
            return found
        self.equal(given, found, f"{name} is {{}}, but {meaning} is {{}}", given, found, argument=name)
        return found

    def dim(self, value: int, rank: int, argument: str) -> int:
        """A dimension of the batched tensor as an axis of the sample; refuses the batch axis itself."""
        axis = value + rank + 1 if value < 0 else value
        if not 0 <= axis <= rank:
            raise self.refuse(
                f"{argument} {value} is out of range for a batch of {rank} sizes a sample "
                f"(dimensions {-rank - 1} to {rank}, 0 being the batch)",
                argument=argument,
            )
        if axis == 0:
            raise self.refuse(f"{argument} {value} is the batch: samples would be mixed", argument=argument)
        return axis - 1


def show(shape: Shape) -> str:
    """A shape for a message: `[3, 32, 32]`."""
    return f"[{', '.join(to_text(size) for size in shape)}]"


def product(shape: Sequence[Size]) -> Size:
    """The number of elements."""
    return math.prod(shape)
