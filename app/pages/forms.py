"""Plain forms without files, read within bounds."""

from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from app.problems import BadRequest, TooLarge

MAX_BYTES = 2_000_000
MAX_FIELDS = 500


async def read_form(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form, the last value of each, line ends as `\\n`."""
    return dict(await read_pairs(request))


async def read_pairs(request: Request) -> list[tuple[str, str]]:
    """The fields of an urlencoded form as they come, line ends as `\\n`."""
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > MAX_BYTES:
                raise TooLarge(f"A form has at most {MAX_BYTES} bytes.")
    except ClientDisconnect:
        raise BadRequest("The form broke off.") from None
    try:
        fields = parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise BadRequest("This is no form that a browser sends.") from None
    return [(name, value.replace("\r\n", "\n")) for name, value in fields]
