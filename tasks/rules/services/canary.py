"""What somebody without key, signature or token must be answered.

Runbook 003, Security Operations. Pure: the three probes, and what an answer to one means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.contracts.smoke import SECURITY_CANARY, SECURITY_CANARY_PROBE
from tasks.rules.outcome import Outcome, Status, Value


class Side(StrEnum):
    """Which of the two services is asked."""

    API = "api"
    WEBHOOK = "webhook"


VARIABLE = {Side.API: "ORKET_API_URL", Side.WEBHOOK: "ORKET_WEBHOOK_URL"}


@dataclass(frozen=True, slots=True)
class Probe:
    """One request of somebody who may not, and the status that must come back."""

    name: str
    side: Side
    method: str
    path: str
    expected: int


PROBES = (
    Probe("version_without_key", Side.API, "GET", "/v1/version", 403),
    Probe("webhook_unsigned", Side.WEBHOOK, "POST", "/webhook/gitea", 401),
    Probe("test_route", Side.WEBHOOK, "POST", "/webhook/test", 403),
)


def asked_of(urls: Mapping[Side, str | None]) -> tuple[Probe, ...]:
    return tuple(probe for probe in PROBES if urls[probe.side])


def probe_said(probe: Probe, answered: int | None) -> Outcome:
    """The line of one probe; None if nobody answered."""
    said: dict[str, Value] = {"probe": probe.name, "expected": probe.expected, "answered": answered}
    if answered is None:
        return SECURITY_CANARY_PROBE.says(Status.FAIL, "no_answer", **said)
    if answered == probe.expected:
        return SECURITY_CANARY_PROBE.says(Status.OK, None, **said)
    return SECURITY_CANARY_PROBE.says(Status.FAIL, "let_in" if answered < 400 else "answered_otherwise", **said)


def canary_said(probes: Sequence[Outcome], urls: Mapping[Side, str | None]) -> Outcome:
    """All of it: a probe that went wrong weighs more than a service that was not named."""
    bad = [one for one in probes if one.status is Status.FAIL]
    without = tuple(VARIABLE[side] for side in Side if not urls[side])
    reasons = tuple(dict.fromkeys(str(one.reason) for one in bad))
    if bad:
        first = "let_in" if "let_in" in reasons else reasons[0]
        return SECURITY_CANARY.says(Status.FAIL, first, probes=len(probes), failed=len(bad), env=without or None)
    if without:
        return SECURITY_CANARY.says(Status.NOT_CONFIGURED, "url_missing", probes=len(probes), failed=0, env=without)
    return SECURITY_CANARY.says(Status.OK, probes=len(probes), failed=0)
