"""Turn a traced graph into the layers of a shapes request."""

from collections.abc import Callable
from typing import Any

from torch import fx, nn

from app.shapes.layers import LAYERS

_PASSED_ON = frozenset({"contiguous", "expand"})
_NAMES = {
    "add": "Add",
    "iadd": "Add",
    "mul": "Multiply",
    "cat": "Concat",
    "relu": "ReLU",
    "flatten": "Flatten",
    "adaptive_avg_pool2d": "AdaptiveAvgPool2d",
    "avg_pool2d": "AvgPool2d",
    "max_pool2d": "MaxPool2d",
    "mean": "Mean",
}
Layer = dict[str, Any]


class Converter:
    """Follows a graph node by node; `results` holds what each node gave (shapes for tensors)."""

    def __init__(self, module: nn.Module, results: dict[fx.Node, Any]) -> None:
        self.module = module
        self.results = results
        self.layers: list[Layer] = []
        self.names: dict[fx.Node, str] = {}
        self.taken: dict[str, int] = {}
        self.modules: dict[str, str] = {}

    def convert(self, graph: fx.Graph) -> list[Layer]:
        """The layers, in the graph's order; `inputs` only where it is not the layer before."""
        for node in graph.nodes:
            if node.op == "placeholder":
                self.names[node] = "input"
            elif node.op == "call_module":
                self._module(node)
            elif node.op in ("call_function", "call_method", "get_attr"):
                self._operation(node)
        previous = "input"
        for layer in self.layers:
            if layer["inputs"] == [previous]:
                del layer["inputs"]
            previous = layer["name"]
        return self.layers

    def _emit(self, node: fx.Node | None, stem: str, kind: str, inputs: list[str], **arguments: Any) -> str:
        """Add a layer; arguments that are PyTorch's defaults are left out."""
        count = self.taken[stem] = self.taken.get(stem, 0) + 1
        name = stem if count == 1 else f"{stem}_{count}"
        layer: Layer = {"type": kind, "name": name, "inputs": inputs}
        for argument in LAYERS[kind].arguments:
            value = arguments.get(argument.name, argument.default)
            if (
                argument.name in arguments and argument.read(value, {}) != argument.standard
            ) or argument.required:
                layer[argument.name] = _plain(value)
        self.layers.append(layer)
        if node is not None:
            self.names[node] = name
        return name

    def _module(self, node: fx.Node) -> None:
        target = str(node.target)
        module = self.module.get_submodule(target)
        kind = type(module).__name__
        if kind == "NonDynamicallyQuantizableLinear":
            kind = "Linear"
        inputs = [self.names[argument] for argument in node.args if isinstance(argument, fx.Node)]
        if kind == "MultiheadAttention":
            inputs = inputs[:1] if len(set(inputs)) == 1 else inputs
        name = self._emit(node, target, kind, inputs, **_arguments(kind, module))
        if target in self.modules and any(True for _ in module.parameters()):
            self.layers[-1]["shares"] = self.modules[target]
        self.modules.setdefault(target, name)

    def _operation(self, node: fx.Node) -> None:
        if node.op == "get_attr":
            self._parameter(node)
            return
        name = str(node.target) if node.op == "call_method" else getattr(node.target, "__name__", "")
        tensors = [n for n in node.all_input_nodes if n in self.names]
        if not tensors or not _is_shape(self.results[node], node):
            return
        if name in _PASSED_ON:
            self.names[node] = self.names[tensors[0]]
        elif name == "getitem":
            self._item(node)
        elif name == "chunk":
            self.names[node] = self.names[tensors[0]]
        else:
            special = _SPECIAL.get(name, Converter._named)
            special(self, node, self._stem(node, name), [self.names[n] for n in tensors])

    def _stem(self, node: fx.Node, operation: str) -> str:
        """A name that says where in the network an operation stands."""
        stack = list(node.meta.get("nn_module_stack", {}))
        path = stack[-1] if stack else ""
        return f"{path}.{operation}" if path else operation

    def _parameter(self, node: fx.Node) -> None:
        shape = tuple(self.results[node])
        readers = [self.results[user] for user in node.users if _is_shape(self.results[user], user)]
        if not readers or node.name.endswith(("weight", "bias")):
            return  # of a function that is a layer itself
        sizes = shape[1:] if len(shape) == len(readers[0]) else shape
        self._emit(node, str(node.target), "Parameter", [], shape=list(sizes))

    def _item(self, node: fx.Node) -> None:
        source, index = node.args
        assert isinstance(source, fx.Node)
        before, after = self.results[source], self.results[node]
        stem, inputs = self._stem(node, "slice"), [self.names[source]]
        if isinstance(index, int) and source.op == "call_module":  # attention's output, without its weights
            self.names[node] = self.names[source]
            return
        if isinstance(index, int):  # a piece of torch.chunk
            (dim,) = [
                i for i, (a, b) in enumerate(zip(before[0].shape, self._whole(source), strict=True)) if a != b
            ]
            start = sum(piece.shape[dim] for piece in before[:index])
            self._emit(
                node, stem, "Slice", inputs, dim=dim, start=start, stop=start + before[index].shape[dim]
            )
            return
        assert isinstance(index, tuple) and index == (slice(None), 0), index
        first = self._emit(None, stem, "Slice", inputs, dim=1, start=0, stop=1)
        self._emit(node, self._stem(node, "squeeze"), "Reshape", [first], shape=list(after[1:]))

    def _whole(self, chunked: fx.Node) -> tuple[int, ...]:
        (source,) = chunked.all_input_nodes
        return tuple(self.results[source])

    def _named(self, node: fx.Node, stem: str, inputs: list[str]) -> None:
        """A function that is a layer under another name, its arguments bound by PyTorch's names."""
        kind = _NAMES[stem.rsplit(".", 1)[-1]]
        arguments = dict(node.kwargs)
        order = {
            "MaxPool2d": ("kernel_size", "stride", "padding"),
            "AvgPool2d": ("kernel_size", "stride", "padding"),
            "AdaptiveAvgPool2d": ("output_size",),
            "Flatten": ("start_dim",),
            "Mean": ("dim",),
            "Concat": ("dim",),
        }.get(kind, ())
        arguments.update(zip(order, node.args[1:], strict=False))
        if kind == "Mean" and isinstance(arguments["dim"], int):
            arguments["dim"] = [arguments["dim"]]
        self._emit(node, stem, kind, inputs, **arguments)

    def _reshape(self, node: fx.Node, stem: str, inputs: list[str]) -> None:
        self._emit(node, stem, "Reshape", inputs, shape=list(self.results[node][1:]))

    def _permute(self, node: fx.Node, stem: str, inputs: list[str]) -> None:
        dims = node.args[1] if isinstance(node.args[1], (list, tuple)) else node.args[1:]
        self._emit(node, stem, "Permute", inputs, dims=list(dims))

    def _transpose(self, node: fx.Node, stem: str, inputs: list[str]) -> None:
        rank = len(self.results[node])
        dims = list(range(rank))
        first, second = (int(str(dim)) % rank for dim in node.args[1:3])
        dims[first], dims[second] = second, first
        self._emit(node, stem, "Permute", inputs, dims=dims)

    def _layer_norm(self, node: fx.Node, stem: str, inputs: list[str]) -> None:
        given: dict[str, Any] = dict(
            zip(("normalized_shape", "weight", "bias", "eps"), node.args[1:], strict=False)
        )
        given.update(node.kwargs)
        shape, eps = given["normalized_shape"], given.get("eps", 1e-5)
        self._emit(node, stem, "LayerNorm", inputs[:1], normalized_shape=list(shape), eps=eps)

    def _patches(self, node: fx.Node, stem: str, inputs: list[str]) -> None:
        """Swin's patch merging: the four pixels of each 2 x 2 square side by side in the last dimension."""
        (source,) = node.all_input_nodes
        _, height, width, _ = self.results[source]
        if height % 2 or width % 2:
            name = self._emit(
                None, stem + ".pad", "ZeroPad3d", inputs, padding=[0, 0, 0, width % 2, 0, height % 2]
            )
            inputs = [name]
        corners = []
        for row, column in ((0, 0), (1, 0), (0, 1), (1, 1)):
            rows = self._emit(None, stem + ".rows", "Slice", inputs, dim=1, start=row, step=2)
            corners.append(self._emit(None, stem + ".columns", "Slice", [rows], dim=2, start=column, step=2))
        self._emit(node, stem + ".cat", "Concat", corners, dim=-1)


_SPECIAL: dict[str, Callable[[Converter, fx.Node, str, list[str]], None]] = {
    "view": Converter._reshape,
    "reshape": Converter._reshape,
    "permute": Converter._permute,
    "transpose": Converter._transpose,
    "swapaxes": Converter._transpose,
    "layer_norm": Converter._layer_norm,
    "_patch_merging_pad": Converter._patches,
}


def _arguments(kind: str, module: nn.Module) -> dict[str, Any]:
    """A module's arguments, read back from its attributes."""
    found: dict[str, Any] = {}
    for argument in LAYERS[kind].arguments:
        name = argument.name
        if argument.inferred:
            continue
        if name in ("bias", "qkv_bias", "proj_bias"):
            holder = {"qkv_bias": "qkv", "proj_bias": "proj"}.get(name)
            owner = module.get_submodule(holder) if holder else module
            attribute = "in_proj_bias" if kind == "MultiheadAttention" else "bias"
            affine = getattr(module, "affine", getattr(module, "elementwise_affine", True))
            found[name] = getattr(owner, attribute, None) is not None or not affine
        elif hasattr(module, name):
            found[name] = getattr(module, name)
    if kind == "MultiheadAttention":
        found["kdim"] = found["vdim"] = None
        found.pop("add_bias_kv", None)
    return found


def _is_shape(result: Any, node: fx.Node) -> bool:
    """Whether a node gave a tensor (or the pieces of torch.chunk) and not a number or a shape."""
    if node.op == "call_method" and node.target in ("size", "dim"):
        return False
    name = getattr(node.target, "__name__", "")
    if name in ("getattr", "floordiv", "eq", "_assert") or (name == "getitem" and isinstance(result, int)):
        return False
    return type(result) is tuple  # not a named tuple of outputs


def _plain(value: Any) -> Any:
    """A value as JSON: tuples as lists, and a tuple of equal numbers as one where every axis has its own."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
