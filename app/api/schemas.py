"""What OpenAPI says of the shapes routes: the library reads the bodies, these models only describe them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.shapes.layers import LAYERS
from app.shapes.sizes import LARGEST
from app.shapes.unroll import BLOCK

Size = Annotated[int, Field(ge=1, le=LARGEST)] | Annotated[str, Field(min_length=1, max_length=1000)]
Shape = Annotated[list[Size], Field(min_length=1, max_length=8)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$")]
Count = int | str
"""An integer, or an expanded expression where symbols are left."""
PerAxis = Annotated[int, Field(ge=0)] | Annotated[list[int], Field(min_length=1, max_length=3)]
Argument = Literal["kernel_size", "stride", "padding", "dilation", "output_padding"]
Number = int | float
Row = Annotated[list[Number], Field(min_length=1, max_length=1024)]
Grid = Annotated[list[Row], Field(min_length=1, max_length=1024)]


class ShapesLayer(BaseModel):
    """A layer: PyTorch's type, and its arguments by their names; or a block of layers of its own."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"anyOf": [{"required": ["type"]}, {"required": ["shares"]}]}
    )

    type: Annotated[str, Field(json_schema_extra={"enum": [BLOCK, *LAYERS]})] = Field(
        "", description="PyTorch's name; `Add`, `Concat` and the like merge; `Sequential` is a block."
    )
    name: Name | None = Field(None, description="By which others read it; made up where left out.")
    inputs: list[str] | str | None = Field(
        None, description="What it reads; the layer before it if left out."
    )
    shares: str | None = Field(None, description="The layer whose parameters it uses again.")


class ShapesNetwork(BaseModel):
    """A network."""

    model_config = ConfigDict(extra="forbid")

    input: Shape | Annotated[dict[str, Shape], Field(min_length=1, max_length=16)] = Field(
        description="Shape of one sample without the batch; or several, by name."
    )
    layers: Annotated[list[ShapesLayer], Field(min_length=1)]
    batch: Size = Field(1, description="Samples at once; scales the memory estimate only.")
    substitute: dict[str, Size] | None = Field(None, description="Values for symbols.")
    name: Any = Field(None, description="Like title and notes: nothing is computed from it.")
    title: Any = None
    notes: Any = None


class ReceptiveFieldBody(BaseModel):
    """What output 0 sees along each spatial axis, and how far the window moves from output to output."""

    size: list[Count]
    stride: list[Count] = Field(description="Input indices per output step; a fraction where upsampled.")
    start: list[Count | None] = Field(description="First index seen, negative in the padding.")
    phases: list[Any] | None = Field(None, description="The windows of one period, where they alternate.")


class Totals(BaseModel):
    """Counts; a layer that shares another's parameters has none of its own."""

    parameters: Count = Field(description="What summing `numel()` over `module.parameters()` says.")
    weights: Count = Field(description="Weights of convolutions, linear and recurrent layers.")
    biases: Count = Field(description="Their biases.")
    buffers: Count = Field(description="Elements of registered buffers.")
    neurons: Count = Field(description="Elements of outputs; 0 where values are only moved or passed on.")
    connections: Count = Field(description="Multiply-accumulates of the dense form, padding included.")
    connections_in_bounds: Count | None = Field(description="Those that meet no padding; null if symbolic.")
    multiply_accumulates: Count = Field(description="The connections, and what attention and the like add.")


class LayerResult(Totals):
    """One computed layer, blocks unrolled."""

    name: str
    type: str
    inputs: list[str]
    input_shape: list[Count] | None
    output_shape: list[Count]
    activation_bytes: Count
    receptive_field: ReceptiveFieldBody | None
    pointer: str = Field(description="Where in the request the layer stands (RFC 6901).")
    block: list[str] | None = Field(None, description="The blocks it lies in, outermost first.")
    shares: str | None = Field(None, description="The layer whose parameters it uses.")


class ShapesResult(BaseModel):
    """A computed network, per sample."""

    inputs: dict[str, list[Count]]
    outputs: list[str] = Field(description="Layers that no other reads.")
    layers: list[LayerResult]
    totals: Totals
    blocks: list[Any] = Field(description="The totals of each block.")
    memory: dict[str, Count | None] = Field(description="Estimated bytes in float32 for the batch.")
    symbols: list[str]
    conditions: list[str] = Field(description="What must hold for PyTorch to accept it.")
    notes: list[str]
    latex: dict[str, str]
    pytorch: str = Field(description="The network as PyTorch code.")
    formulas: list[list[str]] | None = Field(None, description="With `include=formulas`: LaTeX by layer.")
    drawing: str | None = Field(None, description="With `include=drawing`: the network as SVG.")


class SolveQuestion(BaseModel):
    """Which settings make a layer turn `input` into `output`?"""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(examples=["ConvTranspose2d"])
    input: PerAxis = Field(description="Spatial sizes, without channels.")
    output: PerAxis
    solve: Annotated[list[Argument], Field(min_length=1)] | Argument
    kernel_size: PerAxis | None = None
    stride: PerAxis | None = None
    padding: PerAxis | None = None
    dilation: PerAxis | None = None
    output_padding: PerAxis | None = None
    ceil_mode: bool = False
    bounds: dict[str, Annotated[list[int], Field(min_length=2, max_length=2)]] | None = Field(
        None, description="Smallest and largest value to look at."
    )


class BlockQuestion(BaseModel):
    """Which settings lead through several layers from `input` to `output`?"""

    model_config = ConfigDict(extra="forbid")

    layers: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=50)]
    input: PerAxis
    output: PerAxis
    solve: Annotated[list[Argument], Field(min_length=1)] | Argument
    bounds: dict[str, Annotated[list[int], Field(min_length=2, max_length=2)]] | None = None
    each: bool = Field(False, description="Whether every layer must give `output`.")


class SolveAnswer(BaseModel):
    """Every solution within the bounds; or why there is none, and what comes nearest."""

    solutions: list[dict[str, Any]]
    complete: bool = Field(description="False where more were found than are listed.")
    reason: str | None = Field(description="The proof that there is no solution.")
    nearest: list[dict[str, Any]]
    notes: list[str] = Field([], description="What rounding half a padding up would have done.")


class ImportText(BaseModel):
    """Text to read a network from."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=200_000)] = Field(
        description="What `print(model)` shows, or `nn.Sequential(…)` source."
    )


class Comparison(BaseModel):
    """Two networks."""

    model_config = ConfigDict(extra="forbid")

    networks: Annotated[list[ShapesNetwork], Field(min_length=2, max_length=2)]


class ConvolveTask(BaseModel):
    """A picture and a kernel, as rows of numbers."""

    model_config = ConfigDict(extra="forbid")

    image: Grid
    kernel: Grid
    mode: Literal["convolution", "cross-correlation"] = "convolution"
    padding: Literal["same", "valid", "full"] | PerAxis = "same"
    stride: PerAxis = 1
    dilation: PerAxis = 1


class ConvolveAnswer(BaseModel):
    """The output, integers if everything that came in was integers."""

    output: list[list[Number]]


NAMED = (
    ShapesNetwork,
    ShapesResult,
    SolveQuestion,
    BlockQuestion,
    SolveAnswer,
    ImportText,
    Comparison,
    ConvolveTask,
    ConvolveAnswer,
)
"""What routes refer to by name."""


def takes(*models: type[BaseModel], examples: dict[str, Any]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads one of these from its body."""
    references = [_reference(model) for model in models]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    named = {name.replace(" ", "-"): {"summary": name, "value": value} for name, value in examples.items()}
    content = {"application/json": {"schema": schema, "examples": named}}
    return {"requestBody": {"required": True, "content": content}}


def gives(
    model: type[BaseModel] | None, description: str, example: Any = None
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with this."""
    content: dict[str, Any] = {"schema": _reference(model) if model else {"type": "object"}}
    if example is not None:
        content["example"] = example
    return {200: {"description": description, "content": {"application/json": content}}}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
