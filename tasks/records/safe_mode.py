"""The journal of safe mode: every change, and every call for one that failed (runbook 002, Profiles & Modes)."""

from tasks.clock import stamp, utc_now
from tasks.operations import session
from tasks.records.chain import Chain, chain_held, read_chain, records_about
from tasks.records.shift import about_this_run
from tasks.rules.faults import Refused
from tasks.rules.guard.safe_mode import (
    ASKED,
    CHAIN,
    DONE,
    UNLINKED,
    Change,
    Direction,
    askers,
    change_of,
    held_since,
    is_done,
)
from tasks.rules.records import INCIDENTS, Entry, Fact, Kept
from tasks.step import step


@step(retries=0)  # safe to repeat: the same change has one row
def ask_for_change(direction: Direction, incident: str, runtime: str, reason: str, **facts: Fact) -> Change:
    """Write down what is going to be changed and why, before anything is; the change, to be concluded later."""
    with chain_held(CHAIN) as chain:
        subject = incident or f"{UNLINKED}-{stamp(utc_now())}"
        change = change_of(direction, subject, runtime, read_chain.fn(CHAIN))
        said = {**_facts(change), **facts, **about_this_run()}
        chain.append(Entry(ASKED, said, subject, f"{change.key}:{ASKED}", _kept_text(chain, reason)), utc_now())
        return change


def _kept_text(chain: Chain, reason: str) -> str:
    return chain.keep(reason.strip(), utc_now())


@step(retries=0)  # one row for each thing that happened
def note_change(change: Change, kind: str, **facts: Fact) -> Kept:
    """Add what came of it: approved, a call that failed, done or not done; done stands once."""
    key = f"{change.key}:{DONE}" if kind == DONE else None
    with chain_held(CHAIN) as chain:
        return chain.append(
            Entry(kind, {**_facts(change), **facts, **about_this_run()}, change.incident, key), utc_now()
        )


def _facts(change: Change) -> dict[str, Fact]:
    return {"direction": change.direction, "runtime": change.runtime, "number": change.number}


@step
def was_done(change: Change) -> bool:
    """Whether the journal says that this change was made and verified."""
    return is_done(change, read_chain.fn(CHAIN))


@step
def asked_before(change: Change) -> tuple[str, ...]:
    """Who asked for this change in the runs of it so far: one that was cut off left their request at the runtime."""
    return askers(change, read_chain.fn(CHAIN))


@step
def refuse_if_held(change: Change) -> None:
    """Refuse to go live again when somebody switched safe mode on after this was asked for."""
    if held_since(change, read_chain.fn(CHAIN)):
        raise Refused("held_meanwhile", "somebody held the runtime after this was asked for: look why, ask anew")


@step
def refuse_without_note(incident: str) -> None:
    """Refuse an incident that nobody has opened a note for."""
    with session() as active:
        if not records_about(active, INCIDENTS, incident):
            raise Refused("incident_unknown", "open its note first: watchkeeper incident-note")
