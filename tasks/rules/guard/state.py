"""What the runtime says of itself in `status/full`, read strictly: what is missing is not taken for good.

Pure (runbook 002, Profiles & Modes; spec 002, 3 and 7.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.rules.artifacts import Json
from tasks.rules.faults import Refused
from tasks.rules.guard.limits import caps_in
from tasks.rules.guard.profiles import profile_of

LIVE_RESTART = "in live no call clears safe mode: restart it with SAFE_MODE=0; it still begins in HOLD"


class NotAState(ValueError):
    """The field that is missing or of another kind."""


@dataclass(frozen=True, slots=True)
class RuntimeState:
    """Mode and hold of one moment. `profile` is the runtime's own word; `category` is paper, testnet or live."""

    profile: str
    mode: str
    safe_mode: bool
    hold_active: bool
    hold_reason: str | None
    hold_source: str | None
    resume_requested: bool
    risk_limits_enabled: bool
    has_caps: bool
    dry_run: bool
    canary: bool

    @property
    def category(self) -> str:
        return category_of(self.profile)

    @property
    def is_held(self) -> bool:
        """As safe as a runtime can be made: HOLD, safe mode, and the hold behind it."""
        return self.mode == "HOLD" and self.safe_mode and self.hold_active

    @property
    def is_running(self) -> bool:
        return self.mode == "RUN" and not self.safe_mode and not self.hold_active

    @property
    def word(self) -> str:
        """One word for a line: `hold+safe`, `hold`, `run`, `run+safe`."""
        parts = [self.mode.lower() if self.mode in ("HOLD", "RUN") else "unknown", "safe" if self.safe_mode else ""]
        return "+".join(part for part in parts if part)

    def as_data(self) -> dict[str, Json]:
        """For a journal: flags and the profile, and the reason of the hold as the runtime gave it."""
        return {
            "profile": self.profile,
            "mode": self.mode,
            "safe_mode": self.safe_mode,
            "hold_active": self.hold_active,
            "hold_reason": self.hold_reason,
            "hold_source": self.hold_source,
        }


def category_of(profile: str) -> str:
    """paper, testnet or live; anything else is `unknown`, never paper (W2)."""
    known = profile_of(profile)
    return known.value if known else "unknown"


def refuse_live(state: RuntimeState) -> None:
    """In live there is no call that clears safe mode, and an unknown profile counts as live (W14)."""
    if state.category not in ("paper", "testnet"):
        raise Refused("live_needs_restart", LIVE_RESTART)


def state_of(data: object) -> RuntimeState:
    """The state in an answer of `status/full`; `NotAState` names the field that is missing or of another kind."""
    extra = ("config", "router", "extra")
    return RuntimeState(
        profile=_text(data, "router", "profile"),
        mode=_text(data, "router", "mode"),
        safe_mode=_flag(data, "router", "safe_mode"),
        hold_active=_flag(data, *extra, "hold_active"),
        hold_reason=_text_or_none(data, *extra, "hold_reason"),
        hold_source=_text_or_none(data, *extra, "hold_source"),
        resume_requested=_flag(data, *extra, "resume_requested"),
        risk_limits_enabled=_is_true(data, "config", "risk_limits", "enabled"),
        has_caps=bool(caps_in(found(data, "config", "risk_limits"))),
        dry_run=_is_true(data, *extra, "dry_run"),
        canary=_is_true(data, "config", "router", "canary_mode"),
    )


def found(data: object, *path: str) -> object:
    """What stands at the path; None if there is nothing."""
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _text(data: object, *path: str) -> str:
    value = found(data, *path)
    if not isinstance(value, str) or not value:
        raise NotAState(".".join(path))
    return value


def _text_or_none(data: object, *path: str) -> str | None:
    value = found(data, *path)
    return value if isinstance(value, str) else None


def _flag(data: object, *path: str) -> bool:
    value = found(data, *path)
    if not isinstance(value, bool):
        raise NotAState(".".join(path))
    return value


def _is_true(data: object, *path: str) -> bool:
    return found(data, *path) is True
