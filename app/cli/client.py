"""Colouring a picture file by the REST API of a Chromalab service."""

import base64
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from app.cli.painters import SetupError
from app.cli.picture_files import FileError, read_bytes
from app.colorizing.options import Options
from app.imaging.encode import OutputFormat

PATIENCE = 300.0
"""Seconds to go on asking a service that is busy, for each picture."""
LARGEST_FILE = 1 << 30
_SENT = {"saturation", "temperature", "restore", "candidate"}


class RemotePainter:
    """Colours by a service, waiting while it is busy; SetupError if there is none or it lacks the model."""

    def __init__(
        self,
        server: str,
        model_id: str | None,
        options: Options,
        *,
        api_key: str | None = None,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sleep = sleep
        sent = options.model_dump(exclude_defaults=True, include=_SENT)
        self._fields = {name: str(value) for name, value in sent.items()}
        if options.hints:
            hints = [hint.model_dump(exclude_none=True) for hint in options.hints]
            self._fields["hints"] = json.dumps(hints)
        if model_id is not None:
            self._fields["model"] = model_id
        try:
            self._http = httpx2.Client(
                base_url=server.rstrip("/") + "/api/v1/",
                headers={"X-API-Key": api_key} if api_key else {},
                timeout=httpx2.Timeout(120.0, connect=10.0),
                transport=transport,
            )
        except (httpx2.InvalidURL, ValueError) as error:
            raise SetupError(f"{server}: {error}") from None
        try:
            self._check_models(server, model_id)
        except BaseException:
            self.close()
            raise

    def paint(self, source: Path, format: OutputFormat) -> bytes:
        """The coloured picture in a format; raises FileError."""
        return self._ask(source, {"format": format}).content

    def uncertainty(self, source: Path) -> bytes:
        """Where the model is unsure, as a gray PNG, white where most; raises FileError."""
        answer = self._ask(source, {}, include="uncertainty")
        try:
            return base64.b64decode(answer.json()["uncertainty"].partition(",")[2], validate=True)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise FileError("the service did not tell where it is unsure") from None

    def _ask(self, source: Path, fields: dict[str, str], **query: str) -> httpx2.Response:
        data = read_bytes(source, LARGEST_FILE)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                response = self._http.post(
                    "colorize",
                    params=query,
                    data={**self._fields, **fields},
                    files={"image": (source.name, data)},
                )
            except httpx2.HTTPError as error:
                raise FileError(f"the service did not answer ({error or type(error).__name__})") from None
            wait = _retry_after(response)
            if wait is None or time.monotonic() + wait > deadline:
                break
            self._sleep(wait)
        if response.status_code != 200:
            raise FileError(_detail(response))
        return response

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _check_models(self, server: str, model_id: str | None) -> None:
        try:
            response = self._http.get("models")
            if response.status_code != 200:
                raise SetupError(f"{server}: {_detail(response)}")
            known = [model["id"] for model in response.json()["models"]]
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError) as error:
            raise SetupError(f"{server} does not answer as a Chromalab service ({error})") from None
        if model_id is not None and model_id not in known:
            raise SetupError(f"{server} has no model {model_id!r}; known are {', '.join(known)}")


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds to wait before asking again; None if asking again is of no use."""
    if response.status_code not in (429, 503):
        return None
    try:
        seconds = float(response.headers.get("Retry-After", "1"))
    except ValueError:
        return 1.0
    return max(seconds, 0.1) if math.isfinite(seconds) else 1.0


def _detail(response: httpx2.Response) -> str:
    try:
        body: Any = response.json()
        return str(body["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the service answered {response.status_code} {response.reason_phrase}"
