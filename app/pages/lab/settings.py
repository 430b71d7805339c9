"""A demo's settings between a form's fields, a link and JSON: the same texts in all three."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from app.lab import Demo
from app.lab.shown import Json
from app.pages.lab.fields import SEED, Field, fields_of
from app.pages.numbers import plain
from app.pages.shapes.asked import Asked, asked_for, text_of, typed
from app.pages.shapes.link import pack

Pairs = Iterable[tuple[str, str]]

LONGEST_ADDRESS = 8000
_OURS = frozenset({SEED.name, "job", "key"})
"""Names in a link or form beside the demo's own settings."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,25}")
_ON = frozenset({"true", "1", "on", "yes"})


@dataclass(frozen=True)
class Given:
    """What a form or link says: settings as JSON, as far as they can be read, and what cannot."""

    params: Json
    seed: Any = 0
    texts: dict[str, list[str]] = field(default_factory=dict)
    """As it was typed, to be shown again."""
    problems: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def read(demo: Demo[Any], pairs: Pairs) -> Given:
    """The settings in a form's or link's fields; those that are left out keep their defaults."""
    texts: dict[str, list[str]] = {}
    for name, text in pairs:
        texts.setdefault(name, []).append(text)
    params: Json = {}
    problems: dict[str, str] = {}
    known = set(_OURS)
    for one in fields_of(demo.schema()):
        names = [f"{one.name}.{option.value}" for option in one.options] if one.kind == "each" else [one.name]
        known |= {one.name, *names}
        given = {name: texts[name] for name in names if name in texts}
        if given:
            try:
                _read_field(one, given, params)
            except ValueError as error:
                problems[one.name] = str(error)
    unknown = tuple(sorted(name for name in texts if name not in known))
    seed = texts.get(SEED.name, [""])[-1].strip()
    return Given(params, _number(seed) if seed else 0, texts, problems, unknown)


def _read_field(one: Field, given: dict[str, list[str]], params: Json) -> None:
    if one.kind == "each":
        found = {name.partition(".")[2]: texts[-1].strip() for name, texts in given.items()}
        params[one.name] = {key: _number(text) for key, text in found.items() if text}
        return
    texts = given[one.name]
    last = texts[-1].strip()
    match one.kind:
        case "many":
            params[one.name] = [text for text in texts if text]
        case "switch":
            params[one.name] = last.lower() in _ON
        case "list":
            values = [part for part in re.split(r"[,;\s]+", last.strip("()[]")) if part]
            if values or not one.optional:
                params[one.name] = [_number(value) for value in values]
        case "network":
            if last:
                params[one.name] = read_network_text(last)
        case "number":
            if last:
                params[one.name] = _number(last)
        case _:
            if last:
                params[one.name] = last


def read_network_text(text: str) -> Json:
    """A network as JSON, PyTorch source, a preset's name, or the calculator's link. Raises ValueError."""
    asked = _asked(text)
    if asked.body is None:
        raise ValueError(asked.problem.detail if asked.problem else "this is no network")
    return asked.body


def _asked(text: str) -> Asked:
    if "\n" not in text and re.match(r"(https?://|/|\?)", text):
        query = {name: values[-1] for name, values in parse_qs(urlsplit(text).query).items()}
        if not query.keys() & {"preset", "z", "network"}:
            raise ValueError("this link holds no network; copy one from the calculator")
        return asked_for(query.get("preset", ""), query.get("z", ""), query.get("network", ""))
    if re.fullmatch(r"[a-z0-9_-]{1,60}", text):
        return asked_for(text)
    if re.fullmatch(r"[A-Za-z0-9_-]+", text):
        return asked_for(packed=text)
    return typed(text)


def _number(text: str) -> Any:
    """The number that a text is, or the text, for the demo to refuse (or to take as a fraction)."""
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        return float(text) if len(text) < 40 and text.isascii() and "_" not in text else text
    except ValueError:
        return text


def texts_of(demo: Demo[Any], params: Json, seed: int) -> dict[str, list[str]]:
    """What a form shows and a link holds for these settings: every one of them, defaults too."""
    texts: dict[str, list[str]] = {}
    for one in fields_of(demo.schema()):
        value = params.get(one.name, one.default)
        match one.kind:
            case "each":
                texts |= {f"{one.name}.{key}": [plain(number)] for key, number in (value or {}).items()}
            case "many":
                texts[one.name] = list(value) or [""]
            case "list":
                texts[one.name] = [", ".join(map(plain, value or ()))]
            case "network":
                texts[one.name] = ["" if value is None else text_of(value).strip()]
            case _:
                texts[one.name] = ["" if value is None else plain(value)]
    texts[SEED.name] = [str(seed)]
    return texts


def address(demo: Demo[Any], params: Json, seed: int, **more: str) -> str | None:
    """A link to the demo with every setting; None for a network too large for one."""
    kinds = {one.name: one.kind for one in fields_of(demo.schema())}
    pairs = []
    for name, texts in texts_of(demo, params, seed).items():
        for text in texts:
            held: str | None = text
            if kinds.get(name) == "network" and text:
                held = pack(text)
            elif kinds.get(name) == "list":
                held = text.replace(", ", ",")
            if held is None:
                return None
            pairs.append((name, held))
    link = f"/lab/{demo.name}?{urlencode([*pairs, *more.items()])}"
    return link if len(link) <= LONGEST_ADDRESS else None


def changed(demo: Demo[Any], params: Json) -> dict[str, str]:
    """The settings that are not their defaults, by title."""
    found = {}
    for one in fields_of(demo.schema()):
        value = params.get(one.name, one.default)
        if value != one.default:
            found[one.title] = shown(one, value)
    return found


def shown(one: Field, value: Any) -> str:
    """A setting's value in a few words."""
    titles = {option.value: option.title for option in one.options}
    match one.kind:
        case "switch":
            return "yes" if value else "no"
        case "many" | "list":
            items: Sequence[Any] = value or ()
            return ", ".join(titles.get(item, plain(item)) for item in items) or "none"
        case "each":
            return ", ".join(f"{titles.get(key, key)} {plain(number)}" for key, number in value.items())
        case "network":
            return "its own" if value else "none"
        case _ if value is None:
            return "left out"
        case _:
            return titles.get(value, value) if isinstance(value, str) else plain(value)
