"""The law of a promotion: which stage follows which, where it stands, and what exactly two people sign.

Going down is always allowed and asks nobody. Pure (runbook 002, Live Guard & Confirm; spec 002, 5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.artifacts import Json
from tasks.rules.faults import Refused

ACTION = "live-promotion"
LONGEST_TO_SIGN = 900  # seconds


class Stage(StrEnum):
    """How live a runtime is, least first."""

    PAPER = "paper"
    TESTNET = "testnet"
    LIVE_CANARY = "live-canary"
    LIVE = "live"

    @property
    def rank(self) -> int:
        return list(Stage).index(self)

    @property
    def category(self) -> str:
        """The profile that a runtime of this stage has to say it runs."""
        return "live" if self.is_live else self.value

    @property
    def is_live(self) -> bool:
        return self in (Stage.LIVE_CANARY, Stage.LIVE)


def stage_of(category: str, *, canary: bool) -> Stage:
    """The stage of a runtime that says this of itself; an unknown profile is no stage, and never paper."""
    if category not in ("paper", "testnet", "live"):
        raise Refused("profile_unknown", "the runtime's profile is none of paper, testnet and live: look at it first")
    return Stage.LIVE_CANARY if category == "live" and canary else Stage(category)


class Way(StrEnum):
    UP = "up"
    ENABLE = "enable"  # it runs there already, and is not allowed to trade yet
    DOWN = "down"
    THERE = "there"


def way_to(target: Stage, here: Stage, *, guard_open: bool) -> Way:
    """Which way it goes; a stage is never skipped on the way up."""
    if target.rank < here.rank:
        return Way.DOWN
    if target is here:
        return Way.ENABLE if target.is_live and not guard_open else Way.THERE
    if target.rank > here.rank + 1:
        raise Refused("stage_skipped", f"the stage after {here} comes first: one at a time")
    return Way.UP


@dataclass(frozen=True, slots=True)
class Plan:
    """What two people sign, all of it: another limit, another file or another item is another plan."""

    target: Stage
    source: Stage
    runtime: str
    profile: str
    commit: str
    checklist: str
    environment: str
    limits: Mapping[str, Json]

    def as_data(self) -> dict[str, Json]:
        return {
            "action": ACTION,
            "target": self.target.value,
            "source": self.source.value,
            "runtime": self.runtime,
            "profile": self.profile,
            "commit": self.commit,
            "checklist": self.checklist,
            "environment": self.environment,
            "limits": dict(self.limits),
        }


def phrase_for(target: Stage, plan_hash: str) -> str:
    """LIVE_CONFIRM: one phrase, for one plan, of no use for any other (W17)."""
    return f"{target.value.upper()}-{plan_hash[:8]}"


class Standing(StrEnum):
    """Where a promotion stands; the last four are its ends."""

    CHECKLIST_OPEN = "checklist_open"
    GATES_RUNNING = "gates_running"
    AWAITING_APPROVAL = "awaiting_approval"
    APPLYING = "applying"
    VERIFYING = "verifying"
    DONE = "done"
    ROLLED_BACK = "rolled_back"
    REJECTED = "rejected"
    EXPIRED = "expired"


OPEN = (
    Standing.CHECKLIST_OPEN,
    Standing.GATES_RUNNING,
    Standing.AWAITING_APPROVAL,
    Standing.APPLYING,
    Standing.VERIFYING,
)
_MOVES = {
    Standing.CHECKLIST_OPEN: {Standing.GATES_RUNNING, Standing.REJECTED, Standing.EXPIRED},
    Standing.GATES_RUNNING: {Standing.AWAITING_APPROVAL, Standing.REJECTED, Standing.EXPIRED},
    Standing.AWAITING_APPROVAL: {
        Standing.GATES_RUNNING,  # the run came back and judges anew
        Standing.APPLYING,
        Standing.REJECTED,
        Standing.EXPIRED,
        Standing.ROLLED_BACK,
    },
    Standing.APPLYING: {Standing.VERIFYING, Standing.ROLLED_BACK},
    Standing.VERIFYING: {Standing.DONE, Standing.ROLLED_BACK},
}


def may_follow(after: Standing, before: Standing) -> bool:
    """Whether the machine has that move; nothing follows an end, and nothing skips the approval."""
    return after in _MOVES.get(before, set())


def ended_by(reasons: Sequence[str]) -> Standing:
    """How a promotion ends whose approval was not given."""
    return Standing.EXPIRED if "approval_expired" in reasons else Standing.REJECTED
