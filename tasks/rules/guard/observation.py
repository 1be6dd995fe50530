"""When the runtime was started last, as outcomes say it: what is deployed is observed before anything goes live.

Pure (runbook 002, Rollback & Release; spec 002, 12).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

OBSERVED_S = 15 * 60
STARTERS = ("docker-deploy", "release-deploy", "rollback", "service-restart", "start-check", "live-promotion")
"""The procedures that start a runtime, or leave another one running than before."""
# What they fail with after they have touched it.
_HALF_WAY = (
    "not_stopped",
    "not_started",
    "ended_early",
    "health_timeout",
    "release_failed",
    "back_failed",
    "stage_not_reached",
    "not_held_after_start",
)


@dataclass(frozen=True, slots=True)
class Start:
    """Who started it, a procedure or a promotion, and when."""

    by: str
    at: datetime


def started_it(status: str, reason: str | None, fields: Mapping[str, object], service: str) -> bool:
    """Whether a procedure that ended like this may have started that service; when in doubt it has."""
    if fields.get("service", service) != service:
        return False
    started = "healthy_s" in fields or "rolled_back" in fields or fields.get("started") is True
    went = status == "ok" and fields.get("way") in ("up", "down")
    return started or went or status == "error" or reason in _HALF_WAY
