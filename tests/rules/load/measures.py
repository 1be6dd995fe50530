"""Phases as they might have been measured, for the tests of what follows from them."""

from tasks.rules.load.measured import Measured
from tasks.rules.load.plan import Name

MS = 1_000_000


def measured(ms=(), *, name=Name.HEARTBEAT, lag_ms=0, **answers):
    """Good answers with these latencies in milliseconds, and others by class."""
    count = len(ms) + sum(answers.values())
    failures = sum(answers.values())
    return Measured(
        name=name,
        asked=count,
        rate=100.0,
        latencies=[int(one * MS) for one in ms],
        failed=[1 * MS] * failures,
        lags=[lag_ms * MS] * count,
        waits=[0] * count,
        answers={"ok": len(ms), **answers},
        first_sent=0,
        last_sent=max(count - 1, 0) * 10 * MS,
        ended=count * 10 * MS,
    )
