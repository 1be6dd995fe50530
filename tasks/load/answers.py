"""Reading HTTP/1.1 answers: h11 decides what the bytes mean, once for each head that has not been seen before.

A service answers with the same few heads over and over (the date changes once a second), so a head that is known is a
look-up; only bodies without a length, or in chunks, go through h11 byte by byte. That is what keeps the generator so
much quicker than its target that it need not be measured instead of it.
"""

from dataclasses import dataclass

import h11

from tasks.rules.load.measured import Answer

LARGEST_HEAD = 64 << 10
LARGEST_BODY = 1 << 20
_MOST_HEADS = 4096
_START = b"HTTP/1."


class NoAnswer(Exception):
    """What came is not an answer that can be used; `kind` says which failure that is."""

    def __init__(self, kind: Answer) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of an answer says: `length` of the body in bytes, None if only reading it will tell."""

    status: int
    length: int | None
    stays: bool  # whether the connection may be used again
    retry_after_s: int | None = None


class AnswerReader:
    """The answers on one connection, piece by piece; `feed` returns the head when an answer is whole."""

    _known: dict[bytes, Head] = {}  # noqa: RUF012  shared by all connections of the process on purpose

    def __init__(self) -> None:
        self._buffer = b""
        self._slow: _SlowReader | None = None

    def feed(self, data: bytes) -> Head | None:
        """Take what was received; `NoAnswer` when it cannot become an answer."""
        if self._slow:
            return self._finished(self._slow.feed(data))
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            self._buffer = _begun(buffer)
            return None
        head = self._known.get(buffer[:end]) or self._learned(buffer[:end])
        if head.length is None:
            self._buffer, self._slow = b"", _SlowReader()
            return self._finished(self._slow.feed(buffer))
        missing = end + 4 + head.length - len(buffer)
        if missing > 0:
            self._buffer = buffer
            return None
        self._buffer = b""
        return head if missing == 0 else Head(head.status, head.length, stays=False)

    def close(self) -> Head | None:
        """The other side has closed: the answer if that was its end, else `NoAnswer`."""
        head = self._slow.feed(b"") if self._slow else None
        if head is None:
            raise NoAnswer(Answer.DROPPED)
        return head

    def _learned(self, raw: bytes) -> Head:
        head = _head_of(raw)
        if head.length is not None and head.length > LARGEST_BODY:
            raise NoAnswer(Answer.ENDLESS)
        if len(self._known) >= _MOST_HEADS:
            self._known.clear()
        self._known[raw] = head
        return head

    def _finished(self, head: Head | None) -> Head | None:
        if head:
            self._slow = None
        return head


def _begun(buffer: bytes) -> bytes:
    """The beginning of a head, if it can still become one."""
    if not (buffer.startswith(_START) or _START.startswith(buffer)):
        raise NoAnswer(Answer.GARBAGE)
    if len(buffer) > LARGEST_HEAD:
        raise NoAnswer(Answer.ENDLESS)
    return buffer


def _head_of(raw: bytes) -> Head:
    event = _next(_waiting(), raw + b"\r\n\r\n")
    if not isinstance(event, h11.Response):
        return Head(100, None, stays=True)  # an interim answer: the real one comes behind it
    return _said(event)


def _said(event: h11.Response) -> Head:
    """h11 refuses what contradicts itself, and says `transfer-encoding` only of chunks."""
    headers = dict(event.headers)
    length = b"0" if event.status_code in (204, 304) else headers.get(b"content-length")
    chunked = b"transfer-encoding" in headers
    closes = event.http_version != b"1.1" or b"close" in headers.get(b"connection", b"").lower()
    return Head(
        event.status_code,
        int(length) if length is not None and not chunked else None,
        stays=not closes and (chunked or length is not None),
        retry_after_s=_seconds(headers.get(b"retry-after")),
    )


def _seconds(value: bytes | None) -> int | None:
    return int(value) if value is not None and value.isdigit() and len(value) < 10 else None


class _SlowReader:
    """One answer through h11 from its first byte to its last."""

    def __init__(self) -> None:
        self._connection = _waiting()
        self._head: Head | None = None
        self._read = 0

    def feed(self, data: bytes) -> Head | None:
        event = _next(self._connection, data)
        while event is not h11.NEED_DATA and not isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
            if isinstance(event, h11.Response):
                self._head = _said(event)
            elif isinstance(event, h11.Data):
                self._read += len(event.data)
            if self._read > LARGEST_BODY:
                raise NoAnswer(Answer.ENDLESS)
            event = _next(self._connection)
        if isinstance(event, h11.EndOfMessage):
            return self._head
        if isinstance(event, h11.ConnectionClosed) or not data:
            raise NoAnswer(Answer.DROPPED)
        return None


def _waiting() -> h11.Connection:
    """h11's side of a connection on which something was asked."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "target")]))
    connection.send(h11.EndOfMessage())
    return connection


def _next(connection: h11.Connection, data: bytes | None = None) -> object:
    """What h11 makes of the data, or, without any, of what is left of the last."""
    try:
        if data is not None:
            connection.receive_data(data)
        return connection.next_event()
    except h11.RemoteProtocolError:
        raise NoAnswer(Answer.DROPPED if data == b"" else Answer.GARBAGE) from None
