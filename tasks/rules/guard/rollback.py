"""Which release a rollback goes to, and what each release has shown of itself.

The newest word on a release counts: it passed its verification, failed it, or was withdrawn by a rollback. A rollback
goes to the release that passed last and is not the one in use, so that repeating it goes further back and never to
and fro. Pure (runbook 002, Rollback & Release; spec 002, 12).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.faults import Refused
from tasks.rules.guard.release_identity import Identity

SWITCH_REASONS = (
    "link_missing",
    "link_elsewhere",
    "release_missing",
    "release_unreadable",
    "already_current",
    "half_done",
    "runtime_mismatch",
    "release_failed",
    "back_failed",
)
ROLLBACK_REASONS = (
    *SWITCH_REASONS,
    "release_changed",
    "changed_since_start",
    "no_verified_release",
    "release_unknown",
    "release_not_verified",
    "not_running",
    "started_before_switch",
)
# What leaves a hold unseen because nobody answers sanely: then the verified end of the process is what makes it safe.
SILENT = ("runtime_unreachable", "runtime_error", "runtime_answer_unknown")
# What says nothing against the release that was gone to: it may be gone to again.
_NOT_ITS_FAULT = ("not_stopped", "port_taken", "disk_full", "artifact_not_written", "env_file_missing", "broken_off")


class Standing(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class SwitchKind(StrEnum):
    BACK = "back"
    DEPLOY = "deploy"


class SwitchState(StrEnum):
    BEGUN = "begun"
    TAKING_BACK = "taking_back"
    DONE = "done"
    TAKEN_BACK = "taken_back"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Release:
    """The newest word on a release; a greater number is a later word."""

    number: int
    name: str
    standing: Standing
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """What is said of a release; who says that it passed says also what it was."""

    name: str
    standing: Standing
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """A change from one release to another that was begun and not ended yet."""

    number: int
    before: str
    to: str
    state: SwitchState
    reason: str | None = None
    kind: SwitchKind = SwitchKind.BACK


def newest_words(rows: Iterable[Release]) -> tuple[Release, ...]:
    """One word for each release, the last one said first."""
    found: dict[str, Release] = {}
    for row in sorted(rows, key=lambda one: one.number):
        found[row.name] = row
    return tuple(sorted(found.values(), key=lambda one: -one.number))


def target_of(releases: Iterable[Release], current: str, wanted: str = "") -> str:
    """The release to go to: the wanted one, if it passed; else the one that passed last and is not current."""
    known = newest_words(releases)
    if wanted:
        return _wanted(known, current, wanted)
    passed = [one.name for one in known if one.standing is Standing.PASSED and one.name != current]
    if not passed:
        raise Refused(
            "no_verified_release",
            "no other release has passed its verification: deploy a good one, then rollback --do record",
            before=current,
        )
    return passed[0]


def _wanted(known: Iterable[Release], current: str, wanted: str) -> str:
    found = {one.name: one.standing for one in known}
    if wanted == current:
        raise Refused("already_current", "that release is in use", before=current)
    if wanted not in found:
        raise Refused("release_unknown", "rollback --do list shows the releases that are known", to=wanted)
    if found[wanted] is not Standing.PASSED:
        raise Refused(
            "release_not_verified", "only a release that passed its verification is gone back to", to=wanted
        )
    return wanted


def verified_identity(releases: Iterable[Release], name: str) -> Identity | None:
    """What the release was when it passed last."""
    passed = [one for one in newest_words(releases) if one.name == name and one.standing is Standing.PASSED]
    return passed[0].identity if passed else None


def words_after(switch: Switch, state: SwitchState, identity: Identity | None, why: str | None) -> tuple[Word, ...]:
    """What the end of a switch says of its releases: only a rollback withdraws the one that was left."""
    if state is SwitchState.DONE:
        left = (Word(switch.before, Standing.WITHDRAWN),) if switch.kind is SwitchKind.BACK else ()
        return (*left, Word(switch.to, Standing.PASSED, identity))
    return () if why in _NOT_ITS_FAULT else (Word(switch.to, Standing.FAILED),)


def refuse_strangers(switch: Switch, kind: SwitchKind, current: str, wanted: str = "") -> None:
    """An open switch is finished as it was begun, or turned back by a rollback: refuse when anything else is said."""
    is_its_own = kind is switch.kind and wanted in ("", switch.to)
    is_turned_back = kind is SwitchKind.BACK and not wanted
    if current not in (switch.before, switch.to) or not (is_its_own or is_turned_back):
        raise Refused(
            "half_done",
            "a change was broken off: lead the link to one of the two, then rollback --execute without --to",
            before=switch.before,
            to=switch.to,
            now=current,
        )
