"""The shift log: what the procedures did that people have to know of, one record each (runbook 002, Live Guard)."""

from prefect.runtime import flow_run

from tasks.clock import frozen_now, utc_now
from tasks.records.chain import chain_held
from tasks.records.texts import author_given, text_given
from tasks.rules.records import SHIFT_LOG, Entry, Fact, Kept
from tasks.step import has_server, step


@step(retries=0)  # with a key it is safe to repeat; without one a second record would be a lie
def record_shift(kind: str, *, subject: str | None = None, key: str | None = None, **facts: Fact) -> Kept:
    """Write one record into the shift log, in words and numbers alone, and get it back with its number and hash.

    `key` makes it happen once: a run that comes back gets the record that is there. The clock and the run are added.
    A ValueError for free text, a secret, or a name that is no word.
    """
    with chain_held(SHIFT_LOG) as chain:
        return chain.append(Entry(kind, {**facts, **about_this_run()}, subject, key), utc_now())


def add_remark(author: str, text_file: str) -> Kept:
    """Add what a person hands over, from a file or from the terminal; the record names the text by its digest."""
    kept: Kept = _remarked(author_given(author), text_given(text_file))
    return kept


@step(retries=0)  # a second time would stand in the log twice
def _remarked(author: str, text: str) -> Kept:
    now = utc_now()
    with chain_held(SHIFT_LOG) as chain:
        facts: dict[str, Fact] = {"author": author, **about_this_run()}
        return chain.append(Entry("remark", facts, document=chain.keep(text, now)), now)


def about_this_run() -> dict[str, Fact]:
    """Which run writes, and whether its clock is frozen."""
    run = str(flow_run.id) if has_server() and flow_run.id else None
    return {"flow_run": run, "frozen": True if frozen_now() else None}
