"""Read `nn.Sequential(…)` source by its syntax tree; nothing in it is ever run."""

import ast
from typing import Any

from app.shapes.importing.arguments import layer_from
from app.shapes.importing.literals import ImportRefused, parse_source, value_of

Layer = dict[str, Any]
_MAX_DEPTH = 16


def read_source(text: str) -> list[Layer]:
    """The layers of one `nn.Sequential(…)` call, or of a single layer's; what stands before it is skipped."""
    node = parse_source(_expression_in(text))
    if isinstance(node, ast.Call) and _name(node) == "Sequential":
        return _layers(node, 0)
    return [_layer(node, 0)]


def _expression_in(text: str) -> str:
    """The text from the first `Sequential(` on, with the dotted name before it."""
    lines = [line for line in text.splitlines() if not line.strip().startswith(("import ", "from ", "#"))]
    body = "\n".join(lines)
    start = body.find("Sequential(")
    if start < 0:
        return body
    while start > 0 and (body[start - 1].isalnum() or body[start - 1] in "._"):
        start -= 1
    return body[start:]


def _name(call: ast.Call) -> str:
    """The class that is called: `Conv2d` for `Conv2d`, `nn.Conv2d` and `torch.nn.Conv2d`."""
    function = call.func
    parts: list[str] = []
    while isinstance(function, ast.Attribute):
        parts.insert(0, function.attr)
        function = function.value
    if isinstance(function, ast.Name):
        parts.insert(0, function.id)
        if parts[:-1] in ([], ["nn"], ["torch", "nn"], ["torchvision", "ops"], ["ops"]):
            return parts[-1]
    raise ImportRefused(f"{ast.unparse(call.func)[:60]} is no layer of torch.nn")


def _layers(call: ast.Call, depth: int) -> list[Layer]:
    if depth > _MAX_DEPTH:
        raise ImportRefused("Sequential nests too deep")
    if call.keywords:
        raise ImportRefused("Sequential takes no keyword arguments")
    named = _ordered(call.args[0]) if len(call.args) == 1 else None
    if named is not None:
        return [{**_layer(item, depth), "name": name} for name, item in named]
    return [_layer(item, depth) for item in call.args]


def _ordered(node: ast.expr) -> list[tuple[str, ast.expr]] | None:
    """Names and layers of `OrderedDict([("name", layer), …])` or `{"name": layer, …}`."""
    if isinstance(node, ast.Call) and not node.keywords and len(node.args) == 1:
        function = ast.unparse(node.func)
        if function not in ("OrderedDict", "collections.OrderedDict"):
            return None
        node = node.args[0]
    if isinstance(node, ast.Dict):
        pairs = list(zip(node.keys, node.values, strict=True))
    elif isinstance(node, (ast.List, ast.Tuple)):
        pairs = [(i.elts[0], i.elts[1]) for i in node.elts if isinstance(i, ast.Tuple) and len(i.elts) == 2]
        if len(pairs) < len(node.elts):
            raise ImportRefused("OrderedDict needs pairs of a name and a layer")
    else:
        return None
    found: list[tuple[str, ast.expr]] = []
    for key, layer in pairs:
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            raise ImportRefused("a layer's name must be a string")
        found.append((key.value, layer))
    return found


def _layer(node: ast.expr, depth: int) -> Layer:
    if not isinstance(node, ast.Call):
        raise ImportRefused(f"{ast.unparse(node)[:60]} is no layer")
    kind = _name(node)
    if kind == "Sequential":
        return {"type": "Sequential", "layers": _layers(node, depth + 1)}
    if any(keyword.arg is None for keyword in node.keywords):
        raise ImportRefused(f"{kind}(**…) cannot be read without running it")
    positional = [value_of(argument) for argument in node.args]
    keywords = {str(keyword.arg): value_of(keyword.value) for keyword in node.keywords}
    return layer_from(kind, positional, keywords)
