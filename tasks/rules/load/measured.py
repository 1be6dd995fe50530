"""What became of the requests of one phase: answers by class, and times that are kept apart from each other.

Pure. Only good answers have a latency; a failure is counted and its time kept beside. Nothing is averaged away: every
time is there, in nanoseconds.
"""

import base64
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tasks.rules.load.plan import Name


class Answer(StrEnum):
    """How one request ended."""

    OK = "ok"
    RATE_LIMITED = "rate_limited"
    UNAUTHORISED = "unauthorised"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    UNEXPECTED = "unexpected_status"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    DROPPED = "dropped"
    TLS = "tls_failed"
    GARBAGE = "bad_answer"
    ENDLESS = "too_large"


def answer_of(status: int, good: int = 200) -> Answer:
    """The class of an HTTP status; only the one that is expected is good."""
    if status == good:
        return Answer.OK
    named = {429: Answer.RATE_LIMITED, 401: Answer.UNAUTHORISED, 403: Answer.UNAUTHORISED}
    by_hundred = {4: Answer.CLIENT_ERROR, 5: Answer.SERVER_ERROR}
    return named.get(status) or by_hundred.get(status // 100, Answer.UNEXPECTED)


@dataclass(frozen=True, slots=True)
class Measured:
    """One phase as it was, all times in nanoseconds.

    `latencies` and `failed` count from the moment a request was due. `lags` is how late the generator itself was,
    `waits` how long a request then waited for a free connection: the target's doing, and part of its latency.
    """

    name: Name
    asked: int
    rate: float
    latencies: Sequence[int]
    failed: Sequence[int] = ()
    lags: Sequence[int] = ()
    waits: Sequence[int] = ()
    answers: Mapping[str, int] = field(default_factory=dict)
    retry_after_s: int | None = None
    first_sent: int = 0
    last_sent: int = 0
    ended: int = 0
    stopped: str | None = None  # the class of failure for which the phase was given up

    @property
    def attempts(self) -> int:
        return sum(self.answers.values())

    def as_data(self) -> dict[str, object]:
        """The same as JSON can carry it from process to process."""
        times = {name: _packed(getattr(self, name)) for name in _TIMES}
        rest = {name: getattr(self, name) for name in self.__slots__ if name not in _TIMES}
        return {**rest, "answers": dict(self.answers), **times}


_TIMES = ("latencies", "failed", "lags", "waits")


def measured_from(data: Mapping[str, object]) -> Measured:
    """The inverse of `Measured.as_data`."""
    times = {name: _unpacked(str(data[name])) for name in _TIMES}
    return Measured(**{**data, **times, "name": Name(str(data["name"]))})  # type: ignore[arg-type]


def _packed(times: Sequence[int]) -> str:
    numbers = array("q", times)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()


def _unpacked(text: str) -> Sequence[int]:
    numbers = array("q")
    numbers.frombytes(base64.b64decode(text))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
