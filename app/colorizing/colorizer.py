"""The colouring service: orders in, coloured pictures out, within bounds. REST and the pages both call it."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from app.colorizing.engine import Engine, EngineBusy, NetworkFailure
from app.colorizing.inbox import Inbox, Upload, refusal
from app.colorizing.lanes import Here, Lane, LaneFull, Runner
from app.colorizing.meters import STAGES, Meters
from app.colorizing.options import Options, UnsupportedOption
from app.colorizing.outgoing import Outgoing
from app.colorizing.pipeline import (
    SMALL_PIXELS,
    NeedsRoom,
    Order,
    Result,
    Step,
    Steps,
    advance,
    rehearse,
    steps,
)
from app.colorizing.registry import Registry, UnknownModel, UnusableModel
from app.colorizing.support import check_supported
from app.colorizing.timings import Timings
from app.imaging.errors import PictureError, PictureTooLarge, UnsupportedPicture
from app.networks.card import Card
from app.problems import FieldError, InternalError, Problem, TooLarge, Unavailable, UnsupportedMedia
from app.serving.place import Place
from app.settings import Settings
from app.tracing import note_stages

log = structlog.get_logger(__name__)

TEXT_FIELDS = ("model", *Options.model_fields)
UPLOADS_AT_ONCE = 4
"""Uploads of the largest allowed size held at once; as many smaller ones as have the same bytes."""
TINY_BYTES, TINY_PIXELS = 8192, 64 * 64
"""A picture that small is worked on where it is received: handing it to a thread and back takes longer."""
SMALL_AT_ONCE = 64
"""Pictures of SMALL_PIXELS between decoding and encoding; most of them wait for a network."""
_OUTCOMES = {413: "refused", 415: "refused", 422: "refused", 503: "busy"}
LARGE_PIXELS = 24_000_000
"""What `max_concurrent_pictures` counts in: of smaller pictures more go together, of larger ones fewer."""


@dataclass(frozen=True, slots=True)
class Commission:
    """One upload and what is to be done with it."""

    upload: Upload
    card: Card
    options: Options


class Colorizer:
    """Colours uploads with the registry's models, without holding up the event loop. Used from one loop."""

    def __init__(
        self,
        registry: Registry,
        engine: Engine,
        settings: Settings,
        place: Place | None = None,
        meters: Meters | None = None,
    ) -> None:
        place = place or Place()
        self._registry, self._engine = registry, engine
        self._max_pixels, self._threads = settings.max_pixels, settings.threads
        self._timeout = settings.picture_timeout
        self._meters = meters or Meters(CollectorRegistry())
        self.inbox = Inbox(
            place.share(UPLOADS_AT_ONCE, least=2) * settings.max_body_bytes, self._meters.held_bytes.set
        )
        at_once = place.share(settings.max_concurrent_pictures)
        self._small = Lane(
            "small-pictures",
            capacity=place.share(SMALL_AT_ONCE, least=16) * SMALL_PIXELS,
            threads=settings.threads,
            waiting=settings.queue_size,
        )
        self._large = Lane(
            "large-pictures",
            capacity=at_once * LARGE_PIXELS,
            threads=at_once,
            waiting=settings.queue_size,
        )
        self._rehearsal: asyncio.Task[None] | None = None

    async def rehearse(self) -> None:
        """Compute ahead, on a thread, what is otherwise computed while the first picture is coloured."""
        await asyncio.shield(self._rehearsing())

    @asynccontextmanager
    async def receive(self, request: Request) -> AsyncIterator[Commission]:
        """The form of a request to colour one picture; the upload is gone when the context is left.

        Raises Problems; every refused field is in their `errors`.
        """
        async with self.inbox.receive(request, files="image", texts=TEXT_FIELDS) as form:
            errors = list(form.errors)
            options = read_options(form.texts, errors)
            card = self._choose(form.texts.get("model"), errors)
            if options is not None and card is not None:
                try:
                    check_supported(card, options)
                except UnsupportedOption as error:
                    errors.append(FieldError(f"/{error.field}", str(error)))
            if errors or options is None or card is None:
                raise refusal(errors)
            yield Commission(form.files[0], card, options)

    async def colorize(self, upload: Upload, card: Card, order: Order) -> Result:
        """Colour one upload; abandoned when the caller is cancelled, or after a while. Raises Problems."""
        timings = Timings()
        with self._watched(card), _as_problems():
            async with asyncio.timeout(self._timeout):
                result = await self._colorize(upload, card, order, timings)
            self._meters.done(card.id, timings)
            note_stages(
                "colorize",
                {stage: getattr(timings, stage) for stage in STAGES},
                model=card.id,
                pixels=result.width * result.height,
            )
            return result

    async def _colorize(self, upload: Upload, card: Card, order: Order, timings: Timings) -> Result:
        self._engine.check_room(card.id, upload.client)
        work = steps(
            upload.read,
            card,
            order,
            max_pixels=self._max_pixels,
            timings=timings,
            threads=self._threads,
        )
        async with AsyncExitStack() as room:
            runner, step = await self._admit(room, work, upload, timings)
            while not isinstance(step, Result):
                assert not isinstance(step, NeedsRoom)
                answer = await self._engine.answer(card.id, step, upload.client)
                timings.queue += answer.waited
                timings.network += answer.ran
                step = await runner.run(advance, work, answer.probabilities)
            return step

    def answer(self, upload: Upload, content: bytes, media_type: str, headers: dict[str, str]) -> Response:
        """A response whose bytes count as the sender's own until they have been read."""
        return Outgoing(self.inbox, upload.client, content, media_type, headers)

    def close(self) -> None:
        """Finish what is being worked on and end the threads (blocking)."""
        self._small.close()
        self._large.close()

    async def _admit(
        self, room: AsyncExitStack, work: Steps, upload: Upload, timings: Timings
    ) -> tuple[Runner, Step]:
        """Read the header and find room: where the picture is worked on, and its first step there."""
        tiny = upload.size <= TINY_BYTES and self._rehearsing().done()
        header = advance(work) if tiny else await self._small.run(advance, work)
        assert isinstance(header, NeedsRoom)
        if tiny and header.pixels <= TINY_PIXELS:
            return Here(), advance(work)
        lane = self._small if header.pixels <= SMALL_PIXELS else self._large
        with timings.measure("queue"):
            await room.enter_async_context(lane.room(header.pixels, upload.client))
        return lane, await lane.run(advance, work)

    @contextmanager
    def _watched(self, card: Card) -> Iterator[None]:
        """Count how a picture ends that is not done."""
        self._meters.under_way.inc()
        try:
            yield
        except Problem as problem:
            late = isinstance(problem.__cause__, TimeoutError)
            outcome = "late" if late else _OUTCOMES.get(problem.status, "failed")
            self._meters.pictures.labels(card.id, outcome).inc()
            raise
        except asyncio.CancelledError:
            self._meters.pictures.labels(card.id, "gone").inc()
            raise
        finally:
            self._meters.under_way.dec()

    def _rehearsing(self) -> "asyncio.Task[None]":
        if self._rehearsal is None:
            self._rehearsal = asyncio.create_task(self._rehearse())
        return self._rehearsal

    async def _rehearse(self) -> None:
        try:
            await self._small.run(rehearse)
        except Exception:  # it will be computed with a picture, which is told if it fails again
            log.exception("what is computed once could not be computed ahead")

    def _choose(self, model_id: str | None, errors: list[FieldError]) -> Card | None:
        chosen = model_id or self._registry.default_id
        if chosen is None:
            raise Unavailable("There is no model to colour with.", retry_after=10)
        try:
            return self._registry.card(chosen)
        except UnknownModel:
            known = ", ".join(self._registry.cards)
            errors.append(FieldError("/model", f"there is no model {chosen[:64]!r}; known are {known}"))
            return None


def read_options(texts: Mapping[str, str], errors: list[FieldError]) -> Options | None:
    """Options from a form's texts; None, with each reason added to `errors`, if any is refused."""
    try:
        return Options.model_validate({name: texts[name] for name in Options.model_fields if name in texts})
    except ValidationError as error:
        for item in error.errors(include_url=False):
            pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in item["loc"])
            errors.append(FieldError(pointer, item["msg"].removeprefix("Value error, ")))
        return None


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except PictureTooLarge as error:
        raise TooLarge(str(error), errors=[FieldError("/image", str(error))]) from error
    except UnsupportedPicture as error:
        raise UnsupportedMedia(str(error), errors=[FieldError("/image", str(error))]) from error
    except PictureError as error:
        raise refusal([FieldError("/image", str(error))]) from error
    except UnsupportedOption as error:
        raise refusal([FieldError(f"/{error.field}", str(error))]) from error
    except UnknownModel as error:  # removed since the form was read
        raise refusal([FieldError("/model", str(error))]) from error
    except (EngineBusy, LaneFull) as error:
        raise Unavailable(f"{error}; nothing was begun.", retry_after=error.retry_after) from error
    except UnusableModel as error:
        raise Unavailable(f"{error}.", retry_after=60) from error
    except NetworkFailure as error:
        raise InternalError(f"{error}.") from error
    except TimeoutError as error:
        raise Unavailable("The picture was not done in time; nothing was kept.", retry_after=10) from error
    except MemoryError as error:
        raise Unavailable("There is not enough memory for this picture now.", retry_after=10) from error
