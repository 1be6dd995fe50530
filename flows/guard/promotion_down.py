"""The way down of a runtime: hold first, close, write it down, then the restart; it asks nobody."""

from flows.guard.promotion_plan import Ask, said
from tasks.clock import utc_now
from tasks.records.shift import record_shift
from tasks.rules.faults import Fault
from tasks.rules.guard.promotion import Way
from tasks.rules.guard.state import RuntimeState
from tasks.rules.outcome import Outcome, Status, Value
from tasks.runtime.acts import hold
from tasks.runtime.guarding import close_guard, keep_closed, read_guard
from tasks.runtime.promotions import close_open
from tasks.runtime.stages import Staged, held_at, restart_at


def go_down(ask: Ask) -> Outcome:
    """Hold and close first; a journal that is away does not stop it."""
    key = _key(ask)
    state = hold(ask.base, f"down:{ask.target}", "watchkeeper", key)
    if ask.here.is_live:
        close_guard(ask.base, f"down:{ask.target}", f"{key}:close")
    closed, written = _closed(ask, key, ask.here.value)
    guard = keep_closed(ask.base, f"down:{ask.target}", f"{key}:again")
    if ask.way is Way.DOWN or closed:
        if ask.staged:
            restart_at(ask.staged, wait_s=ask.waits.restart_s)
        state, guard = held_at(ask.base, ask.target, ask.waits.restart_s), read_guard(ask.base)
    return _gone_down(ask, state, guard.state, written=written)


def go_down_from_silence(ask: Ask, staged: Staged) -> Outcome:
    """A runtime that does not answer cannot be held: the verified end of its processes is what makes it safe."""
    _, written = _closed(ask, _key(ask), _SILENT)
    restart_at(staged, wait_s=ask.waits.restart_s)
    state, guard = held_at(ask.base, ask.target, ask.waits.restart_s), read_guard(ask.base)
    return _gone_down(ask, state, guard.state, written=written, source=_SILENT)


_SILENT = "silent"


def _key(ask: Ask) -> str:
    return f"down:{ask.runtime}:{utc_now():%Y%m%dT%H%M%SZ}"


def _gone_down(ask: Ask, state: RuntimeState, guard: str, *, written: bool, **more: Value) -> Outcome:
    more |= {"now": state.word, "guard": guard}
    return said(ask, Status.OK if written else Status.FAIL, None, more, None if written else "journal_not_written")


def _closed(ask: Ask, key: str, source: str) -> tuple[int | None, bool]:
    """The promotion that was open, and whether all of it could be written down."""
    closed = None
    try:
        closed = close_open(ask.runtime, "went_down", utc_now())
        subject = f"promotion-{closed}" if closed else None
        record_shift("promotion_down", subject=subject, key=key, source=source, target=ask.target.value)
    except Fault:
        return closed, False
    return closed, True
