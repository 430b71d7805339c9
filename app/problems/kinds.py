"""The kinds of problem: one exception class each, one body."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "/docs/problems#"


class FieldError(BaseModel):
    """One value that was refused."""

    pointer: str = Field(description="RFC 6901 pointer to the value; a form field or parameter is `/name`.")
    detail: str = Field(description="What is wrong with it.")

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(pointer=pointer, detail=detail)


class ProblemBody(BaseModel):
    """RFC 9457 problem details, the body of every error."""

    type: str = Field(description="Identifies the kind of problem; leads to its description.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status, repeated.")
    detail: str = Field(description="What went wrong this time, and what to do.")
    instance: str = Field(description="The path that was asked for.")
    errors: list[FieldError] = Field([], description="The values that were refused, if it was about values.")


class Problem(Exception):
    """The base of all; raise one of the classes below."""

    status: ClassVar[int]
    slug: ClassVar[str]
    title: ClassVar[str]

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors or ())
        self.headers = dict(headers or {})

    @property
    def type(self) -> str:
        """URI of the kind of problem."""
        return TYPE_PREFIX + self.slug

    def body(self, instance: str) -> ProblemBody:
        """The problem as it is sent; `instance` is the path that was asked for."""
        return ProblemBody(
            type=self.type,
            title=self.title,
            status=self.status,
            detail=self.detail,
            instance=instance,
            errors=self.errors,
        )


class _TryLater(Problem):
    def __init__(
        self, detail: str, *, retry_after: int = 1, errors: Sequence[FieldError] | None = None
    ) -> None:
        super().__init__(detail, errors=errors, headers={"Retry-After": str(retry_after)})


class BadRequest(Problem):
    """The request cannot be read: a broken body, a header that makes no sense, an unknown host name."""

    status, slug, title = 400, "bad-request", "Bad request"


class Unauthorized(Problem):
    """This service asks for an API key, and the request carries none that is known and has not expired."""

    status, slug, title = 401, "unauthorized", "An API key is needed"


class Forbidden(Problem):
    """The request is understood and refused: its key lacks the scope, or a page of another site sent it."""

    status, slug, title = 403, "forbidden", "Forbidden"


class NotFound(Problem):
    """Nothing is at this path, or nothing has this name."""

    status, slug, title = 404, "not-found", "Not found"


class MethodNotAllowed(Problem):
    """The path exists, but not for this method; `Allow` lists those it takes."""

    status, slug, title = 405, "method-not-allowed", "Method not allowed"


class RequestTimeout(Problem):
    """The request's body did not come, or too slowly; nothing was kept. Send it again."""

    status, slug, title = 408, "request-timeout", "The request took too long to come"


class Conflict(Problem):
    """The request does not fit the state the thing is in, such as cancelling what has finished."""

    status, slug, title = 409, "conflict", "Conflict"


class TooLarge(Problem):
    """The body has too many bytes, or the picture too many pixels; the detail says how many are taken."""

    status, slug, title = 413, "too-large", "Too large"


class UnsupportedMedia(Problem):
    """The upload is not of a type that is taken."""

    status, slug, title = 415, "unsupported-media", "Unsupported type of upload"


class Unprocessable(Problem):
    """The request is readable but a value in it cannot be used; `errors` names each."""

    status, slug, title = 422, "unprocessable", "A value cannot be used"


class TooManyRequests(_TryLater):
    """This client asked more often than the service allows; `Retry-After` says when to ask again."""

    status, slug, title = 429, "too-many-requests", "Too many requests"


class InternalError(Problem):
    """The fault is the service's. The request id in `X-Request-ID` leads its operator to the cause."""

    status, slug, title = 500, "internal-error", "Internal error"


class Unavailable(_TryLater):
    """The service is full or not ready; nothing was begun. `Retry-After` says when to try again."""

    status, slug, title = 503, "unavailable", "Unavailable for the moment"


KINDS: tuple[type[Problem], ...] = (
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    Conflict,
    TooLarge,
    UnsupportedMedia,
    Unprocessable,
    TooManyRequests,
    InternalError,
    Unavailable,
)
BY_STATUS = {kind.status: kind for kind in KINDS}


def responses(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route or router that can fail in these ways, for OpenAPI."""
    schema = {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}
    return {
        kind.status: {"description": kind.title, "content": {MEDIA_TYPE: {"schema": schema}}}
        for kind in kinds
    }
