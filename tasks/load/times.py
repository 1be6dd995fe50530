"""What is noted while a phase runs: how each request ended, when it was sent, how late the generator was."""

import time
from array import array
from collections import Counter
from dataclasses import dataclass, field

from tasks.rules.load.measured import Answer, Measured
from tasks.rules.load.plan import Name, Phase


def _nothing() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class Times:
    """All times in nanoseconds; `done` is how many requests have ended, `stopped` why the phase was given up."""

    latencies: "array[int]" = field(default_factory=_nothing)
    failed: "array[int]" = field(default_factory=_nothing)
    lags: "array[int]" = field(default_factory=_nothing)
    waits: "array[int]" = field(default_factory=_nothing)
    answers: Counter[str] = field(default_factory=Counter)
    done: int = 0
    first_sent: int = 0
    last_sent: int = 0
    retry_after_s: int | None = None
    stopped: str | None = None

    def sent(self, moment: int, wait: int = 0) -> None:
        self.first_sent = self.first_sent or moment
        self.last_sent = moment
        self.waits.append(wait)

    def add(self, kind: Answer, nanoseconds: int) -> None:
        """One request has ended; only good answers have a latency."""
        self.done += 1
        self.answers[kind] += 1
        (self.latencies if kind is Answer.OK else self.failed).append(nanoseconds)

    def measured(self, name: Name, phase: Phase) -> Measured:
        return Measured(
            name=name,
            asked=phase.total,
            rate=phase.rate,
            latencies=self.latencies,
            failed=self.failed,
            lags=self.lags,
            waits=self.waits,
            answers=dict(self.answers),
            retry_after_s=self.retry_after_s,
            first_sent=self.first_sent,
            last_sent=self.last_sent,
            ended=time.perf_counter_ns(),
            stopped=self.stopped,
        )
