"""Answers of the solver as its page shows them: solutions in code, what each value gives, what comes near."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.shapes import ShapeError, analyse
from app.shapes.exporting.formulas import general_formula, layer_formulas
from app.shapes.exporting.mathml import to_mathml
from app.shapes.layers import LAYERS
from app.shapes.solving import solve, solve_block
from app.shapes.solving.axis import size_of
from app.shapes.solving.question import parse_question

MOST_SHOWN = 100
"""Solutions in the page's table; REST gives all of them."""
STEPS_SHOWN = 6
_LETTERS = {"kernel_size": "k", "stride": "s", "padding": "p", "dilation": "d", "output_padding": "e"}


@dataclass(frozen=True)
class Step:
    """What one value of the asked argument gives; `value` None where the wanted size is passed over."""

    size: int
    value: int | None
    wanted: bool


@dataclass(frozen=True)
class Solved:
    """A question about one layer with its answer, or the problem with it."""

    question: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    formula: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    problem: ShapeError | None = None

    @property
    def asked(self) -> list[str]:
        """The arguments that were asked for."""
        return list(self.question.get("solve", ()))

    @property
    def shown(self) -> list[tuple[dict[str, Any], str]]:
        """The first solutions, each with the layer in PyTorch."""
        found = self.answer.get("solutions", ())[:MOST_SHOWN]
        return [(settings, self._code(settings)) for settings in found]

    @property
    def near(self) -> list[tuple[str, list[int], str, str]]:
        """What comes near: settings in words, the sizes they give, a remark, and the layer in PyTorch."""
        return [
            (_worded(rest), entry["output"], self._remark(entry), self._code(rest))
            for entry in self.answer.get("nearest", ())
            if (rest := {name: value for name, value in entry.items() if name != "output"})
        ]

    def _code(self, settings: Mapping[str, Any]) -> str:
        """The layer in PyTorch; channels are left to the reader, and so are defaults."""
        kind = LAYERS[self.question["type"]]
        values = {name: self.question[name] for name in _LETTERS if name in self.question} | dict(settings)
        usual = {"stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
        if "Pool" in kind.name:
            usual["stride"] = values.get("kernel_size", 0)
        told = [_value(values["kernel_size"])] if "kernel_size" in values else []
        told += [f"{n}={_value(values[n])}" for n in usual if n in values and values[n] != usual[n]]
        channels = [] if "Pool" in kind.name else ["…", "…"]
        return f"nn.{kind.name}({', '.join([*channels, *told])})"

    def _remark(self, entry: Mapping[str, Any]) -> str:
        if entry.get("padding") != "same":
            return ""
        kernel, dilation = (entry.get(n, self.question.get(n, 1)) for n in ("kernel_size", "dilation"))
        if not isinstance(kernel, int) or not isinstance(dilation, int):
            return "pads one more at the end where the kernel is even"
        reach = dilation * (kernel - 1)
        return f"pads {reach // 2} before and {reach - reach // 2} after"


@dataclass(frozen=True)
class BlockSolved:
    """A question about several layers with its answer, or the problem with it."""

    question: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    problem: ShapeError | None = None

    @property
    def columns(self) -> list[tuple[str, str, str]]:
        """The layers that something is asked of: place, title, and what is given of them."""
        places = {place for solution in self._entries() for place in solution}
        return [
            (place, f"{int(place) + 1}. {layer['type']}", _worded(_settings(layer)))
            for place, layer in ((str(i), layer) for i, layer in enumerate(self.question.get("layers", ())))
            if place in places
        ]

    @property
    def shown(self) -> list[dict[str, str]]:
        """The first solutions: for each place the settings in words."""
        return [_placed(solution) for solution in self.answer.get("solutions", ())[:MOST_SHOWN]]

    @property
    def near(self) -> list[tuple[dict[str, str], list[int]]]:
        """What comes near: for each place the settings in words, and the sizes they lead to."""
        return [(_placed(entry["layers"]), entry["output"]) for entry in self.answer.get("nearest", ())]

    def _entries(self) -> list[Mapping[str, Any]]:
        nearest = [entry["layers"] for entry in self.answer.get("nearest", ())]
        return [*self.answer.get("solutions", ())[:1], *nearest]


def solved(question: Mapping[str, Any]) -> Solved:
    """Answer a question about one layer; raises ShapeError."""
    answer = solve(question).to_json()
    return Solved(question, answer, _formula(question), _steps(question))


def solved_block(question: Mapping[str, Any]) -> BlockSolved:
    """Answer a question about several layers; raises ShapeError."""
    return BlockSolved(question, solve_block(question).to_json())


def _steps(question: Mapping[str, Any]) -> tuple[Step, ...]:
    """For a question about one argument: the values around the wanted size, in order, and what each gives."""
    parsed = parse_question(question)
    axis = parsed.axes[0]
    if not parsed.uniform or len(axis.asked) != 1:
        return ()
    (name,) = axis.asked
    fixed = dict(axis.fixed)
    if name == "kernel_size" and "stride" not in fixed:
        return ()  # a pool's stride moves with its kernel, so the sizes do not grow or fall steadily
    fixed.setdefault("stride", fixed.get("kernel_size", 1))
    fixed.setdefault("padding", 0)
    sized = ((value, size_of(axis, {**fixed, name: value})) for value in axis.values(name)[:64])
    reached = [(value, size) for value, size in sized if size is not None]
    nearest = sorted(reached, key=lambda pair: (abs(pair[1] - axis.target), pair[0]))[:STEPS_SHOWN]
    steps = [Step(size, value, size == axis.target) for value, size in sorted(nearest)]
    if steps and not any(step.wanted for step in steps):
        rising = steps[0].size <= steps[-1].size
        place = sum((step.size < axis.target) == rising for step in steps)
        steps.insert(place, Step(axis.target, None, True))
    return tuple(steps)


def _formula(question: Mapping[str, Any]) -> tuple[str, ...]:
    """The output's size as MathML: what is given put in, letters for what is asked; a line an axis."""
    kind = LAYERS[question["type"]]
    settings = {name: question[name] for name in _LETTERS if name in question}
    letters = {name: _LETTERS[name] for name in question["solve"]}
    sizes = question["input"]
    spatial = sizes if isinstance(sizes, list) else [sizes] * int(kind.name[-2])
    layer = {"type": kind.name, **settings, **letters}
    if "Pool" not in kind.name:
        layer["out_channels"] = 1
    if kind.name.startswith("LP"):
        layer["norm_type"] = 2
    try:
        report = analyse({"input": [1, *spatial], "layers": [layer]})
        found = [text for text in layer_formulas(report.layers[0]) if "parameters" not in text]
        equations = dict.fromkeys(text.partition(" = ")[2] for text in found)
        lines = [f"L_{{out}} = {body}" for body in equations if len(body) < 400]
    except ShapeError:  # PyTorch refuses the layer with the least of what is asked
        lines = []
    return tuple(to_mathml(line) for line in lines or [general_formula(kind)])


def _settings(layer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: layer[name] for name in _LETTERS if layer.get(name) is not None}


def _placed(solution: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {str(place): _worded(settings) for place, settings in solution.items()}


def _worded(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in settings.items())


def _value(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return f"({', '.join(map(str, value))})" if isinstance(value, Sequence) else str(value)
