"""What Pydantic refused, as a problem that points at each value."""

from collections.abc import Mapping, Sequence

from fastapi.exceptions import RequestValidationError

from app.problems.kinds import FieldError, Unprocessable


def from_validation(error: RequestValidationError) -> Unprocessable:
    """The problem that names every refused value of a request."""
    errors = []
    for item in error.errors():
        message = str(item["msg"]).removeprefix("Value error, ")
        if item["type"] == "json_invalid":
            errors.append(FieldError("", f"not JSON: {item['ctx']['error']} at character {item['loc'][-1]}"))
        else:
            errors.append(FieldError(_pointer(item["loc"], error.body, item["type"] == "missing"), message))
    named = "; ".join(f"{item.pointer or 'the body'}: {item.detail}" for item in errors[:3])
    more = f"; and {len(errors) - 3} more" if len(errors) > 3 else ""
    return Unprocessable(f"{named}{more}.", errors=errors)


def _pointer(location: Sequence[int | str], body: object, missing: bool) -> str:
    """RFC 6901 pointer of a Pydantic location, without the names of union branches that Pydantic mixes in."""
    source, *parts = location
    if source != "body" or not isinstance(body, Mapping | list):
        kept = parts
    else:
        kept = []
        value: object = body
        for place, part in enumerate(parts):
            if isinstance(value, Mapping) and (part in value or (missing and place == len(parts) - 1)):
                kept.append(part)
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                kept.append(part)
                value = value[part]
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in kept)
