"""HTTP connections that keep to time: a head that does not come and an answer that is not read end them.

uvicorn by itself only ends a connection that is silent between two requests. Bodies are timed by
`app.guards.BodyPaceMiddleware`, which can answer.
"""

import asyncio

from uvicorn.protocols.http.auto import AutoHTTPProtocol  # httptools where that is installed, else h11

HEAD_MAY_TAKE = 20.0
"""Seconds from a connection's beginning, or a request's first byte, to the end of the request's head."""
READING_MAY_STALL = 30.0
"""Seconds within which a client must have read some of what waits to be sent to it."""


class PunctualProtocol(AutoHTTPProtocol):  # type: ignore[valid-type, misc]
    """uvicorn's protocol; a client that is late is hung up on, and what was held for it is given back."""

    _head_due: asyncio.TimerHandle | None = None
    _reader_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._time_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._time_head(begun=True)
        self._time_reader(waiting=0)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; between two requests they are the beginning of a head, which is due from now on."""
        super().data_received(data)
        if not self.transport.is_closing():
            self._time_head(begun=self.cycle is not None and not self.cycle.response_complete)

    def pause_writing(self) -> None:
        """More waits to be sent than the client reads; it has to go on reading."""
        super().pause_writing()
        self._time_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """The client has read on."""
        self._time_reader(waiting=0)
        super().resume_writing()

    def _time_head(self, begun: bool = False) -> None:
        """A head is due, unless its request has `begun`; a head that is due already is not given longer."""
        if begun and self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None
        elif not begun and self._head_due is None:
            self._head_due = self.loop.call_later(HEAD_MAY_TAKE, self.transport.close)

    def _time_reader(self, waiting: int) -> None:
        if self._reader_due is not None:
            self._reader_due.cancel()
            self._reader_due = None
        if waiting:
            self._reader_due = self.loop.call_later(READING_MAY_STALL, self._look_at_reader, waiting)

    def _look_at_reader(self, waiting: int) -> None:
        self._reader_due = None
        still = self.transport.get_write_buffer_size()
        if still >= waiting:
            self.transport.abort()
        elif still:
            self._time_reader(still)
