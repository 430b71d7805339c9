"""Read `nn.Sequential(…)` source by its syntax tree; nothing in it is ever run."""

import ast
from collections.abc import Iterator
from typing import Any

from app.shapes.importing.arguments import layer_from
from app.shapes.importing.literals import (
    ImportRefused,
    keywords_of,
    parse_module,
    parse_source,
    shown,
    value_of,
)

Layer = dict[str, Any]
_MAX_DEPTH = 16


def read_source(text: str, notes: list[str]) -> list[Layer]:
    """The layers of the first `nn.Sequential(…)` call in a text, or of the one layer that it is.

    What stands around it is skipped; `notes` says so where there is another Sequential.
    """
    node = _call_in(text, notes)
    if isinstance(node, ast.Call) and _name(node) == "Sequential":
        return _layers(node, 0)
    return [_layer(node, 0)]


def _call_in(text: str, notes: list[str]) -> ast.expr:
    try:
        module = parse_module(text)
    except ImportRefused:  # a cutting out of the middle of something
        return parse_source(text[_start(text) :])
    found = list(_sequentials(module))
    if len(found) > 1:
        notes.append(f"the text has {len(found)} Sequential calls; the first one was read")
    if found:
        return found[0]
    if len(module.body) == 1 and isinstance(module.body[0], (ast.Expr, ast.Assign)):
        return module.body[0].value
    raise ImportRefused("there is no nn.Sequential(…) in this text")


def _sequentials(node: ast.AST) -> Iterator[ast.Call]:
    """The calls of Sequential that stand in no other one, in the order of the text."""
    for child in ast.iter_child_nodes(node):
        called = child.func if isinstance(child, ast.Call) else None
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if isinstance(child, ast.Call) and name == "Sequential":
            yield child
        else:
            yield from _sequentials(child)


def _start(text: str) -> int:
    """Where the first `Sequential(` begins, with the dotted name before it; 0 where there is none."""
    start = max(0, text.find("Sequential("))
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "._"):
        start -= 1
    return start


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
    raise ImportRefused(f"{shown(call.func)} is no layer of torch.nn")


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
        function = shown(node.func)
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
        raise ImportRefused(f"{shown(node)} is no layer")
    kind = _name(node)
    if kind == "Sequential":
        return {"type": "Sequential", "layers": _layers(node, depth + 1)}
    positional = [value_of(argument) for argument in node.args]
    return layer_from(kind, positional, keywords_of(kind, node))
