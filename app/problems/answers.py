"""Answers every failure of the application, foreseen or not, with a problem."""

import json
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import quote

import structlog
from asgi_correlation_id import correlation_id
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems.kinds import BY_STATUS, MEDIA_TYPE, InternalError, Problem, ProblemBody
from app.problems.validation import from_validation

log = structlog.get_logger(__name__)

ProblemPage = Callable[[Request, ProblemBody], Response]
"""Renders a problem as HTML for a person; status and headers are set by the caller."""


def install(app: FastAPI, page: ProblemPage | None = None) -> None:
    """Answer every failure of `app` with a problem; `page` renders those a person's browser asked for."""

    async def answer(request: Request, error: Exception) -> Response:
        return respond(request, as_problem(request, error), page)

    for kind in (Problem, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, answer)


class ProblemMiddleware:
    """Answers what the layers inside raise, so that a failure still passes through the layers outside."""

    def __init__(self, app: ASGIApp, page: ProblemPage | None = None) -> None:
        self.app = app
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; send a problem if it fails before it has begun to answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if started:
                raise
            request = Request(scope, receive)
            await respond(request, as_problem(request, error), self.page)(scope, receive, send)


def respond(request: Request, problem: Problem, page: ProblemPage | None = None) -> Response:
    """The problem as a response: a page for a person's browser outside `/api`, else problem+json."""
    body = problem.body(quote(request.scope["path"], safe="/:@!$&'()*+,;=~"))
    if page is not None and _for_a_person(request):
        response = page(request, body)
        response.status_code = problem.status
    else:
        # ASCII only: a value quoted from the request may hold half a surrogate pair, which UTF-8 cannot.
        content = json.dumps(body.model_dump(exclude_defaults=True))
        response = Response(content, problem.status, media_type=MEDIA_TYPE)
    response.headers.update(problem.headers)
    return response


def _for_a_person(request: Request) -> bool:
    preferred = request.headers.get("accept", "").split(",")[0].split(";")[0].strip()
    return preferred == "text/html" and not request.scope["path"].startswith("/api/")


def as_problem(request: Request, error: Exception) -> Problem:
    """The problem that stands for any exception; what is not foreseen is logged and told as a bare 500."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return from_validation(error)
        case HTTPException():
            return _from_http(request, error)
    log.exception("request failed", method=request.method, path=request.scope["path"], exc_info=error)
    return InternalError(f"The service failed to answer. Its log has the cause under {correlation_id.get()}.")


def _from_http(request: Request, error: HTTPException) -> Problem:
    phrase = _phrase(error.status_code)
    detail, path = str(error.detail), request.scope["path"]
    if error.status_code == 404 and detail == phrase:
        detail = f"Nothing is at {path}."
    elif error.status_code == 405:
        detail = f"{path} does not take {request.method}."
    elif error.status_code == 413:
        detail = "The request's body is larger than this service takes."
    problem = BY_STATUS.get(error.status_code, Problem)(detail)
    if type(problem) is Problem:  # a status that has no class of its own
        problem = _Other(error.status_code, phrase, detail)
    problem.headers.update(error.headers or {})
    return problem


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


class _Other(Problem):
    def __init__(self, status: int, phrase: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.title = status, phrase  # type: ignore[misc]

    @property
    def type(self) -> str:
        return "about:blank"  # RFC 9457, 4.2.1: it means no more than its status
