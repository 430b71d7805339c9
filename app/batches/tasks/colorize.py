"""The job of a batch: one picture a step, so that nothing that happens costs more than the one under way."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache

from app.batches.names import output_name
from app.batches.record import BatchParams, Entry, Upload, read_index, stored_as
from app.jobs.job import BATCH, origin_of
from app.jobs.storage import MissingFile, Storage, StorageError
from app.lab.demo import Demo, DemoError, Run, Step
from app.lab.shown import Figure, Json, Outcome, Samples, Series
from app.problems import InternalError, Problem
from app.settings import Settings

MOST_DEATHS = 2
"""A picture over which so many processes have died is left out."""


class ColorizeBatch(Demo[BatchParams]):
    """A batch of pictures; see `app.lab.demo` for what is promised of each step."""

    name = BATCH
    title = "Many pictures"
    summary = "Colours pictures that were uploaded together."
    text = ""
    params_model = BatchParams

    def series(self, params: BatchParams) -> list[Series]:
        """None: its events tell of pictures."""
        return []

    def figures(
        self, params: BatchParams, series: Mapping[str, Samples], outcome: Outcome | None
    ) -> dict[str, Figure]:
        """None."""
        return {}

    def start(self, run: Run[BatchParams]) -> Json:
        """Nothing is done yet."""
        return {"done": 0, "problems": 0}

    def step(self, run: Run[BatchParams], state: Json) -> Step:
        """The next picture. Raises DemoError when storage or model are away: the rest waits to be resumed."""
        try:
            entry = self._colour(run, _index(_origin(run))[state["done"]], state["done"] + 1)
        except MissingFile:
            raise DemoError("its pictures are no longer there") from None
        except StorageError as error:
            why = "is full" if error.full else "does not answer"
            raise DemoError(
                f"the storage of pictures {why}; what is done is kept, and it can be resumed"
            ) from error
        done, bad = entry.index, state["problems"] + (entry.status == "problem")
        share = done / run.params.files
        after = {"done": done, "problems": bad}
        return Step(after, share, told={"file": entry.to_json()}, done=done == run.params.files)

    def finish(self, run: Run[BatchParams], state: Json) -> Outcome:
        """How many there are."""
        bad = state["problems"]
        return Outcome({"files": run.params.files, "ok": run.params.files - bad, "problems": bad}, ())

    def _colour(self, run: Run[BatchParams], upload: Upload, index: int) -> Entry:
        from app.batches.painting import paint, problem_json, small_picture  # brings torch

        entry = Entry(index, upload.name, upload.bytes)
        origin, storage = _origin(run), _storage()
        if upload.problem is not None:
            return replace(entry, status="problem", problem=upload.problem)
        if run.deaths >= MOST_DEATHS:
            told = InternalError(
                f"It was left out: {run.deaths} times the process that coloured it ended, or took too long."
            )
            return replace(entry, status="problem", problem=problem_json(told))
        data = storage.read(origin, stored_as("in", index))
        try:
            result = paint(data, run.params, _settings())
        except Problem as problem:
            return replace(entry, status="problem", problem=problem_json(problem))
        assert result.image is not None
        storage.write(origin, stored_as("small", index), small_picture(result.image))
        storage.write(origin, stored_as("out", index), result.image)
        return replace(
            entry,
            status="ok",
            output=output_name(index, run.params.files, upload.name, result.format),
            format=result.format,
            width=result.width,
            height=result.height,
        )


@cache
def _settings() -> Settings:
    return Settings()


@cache
def _storage() -> Storage:
    return Storage.of(_settings())


@lru_cache(maxsize=4)
def _index(origin: str) -> list[Upload]:
    return read_index(_storage(), origin)


def _origin(run: Run[BatchParams]) -> str:
    origin = origin_of(run.model_id)
    if origin is None:
        raise DemoError("a batch runs as a job only")
    return origin
