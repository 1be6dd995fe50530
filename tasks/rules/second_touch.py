"""What the second-touch counters of a window mean (runbook 001, "ops_daily unhealthy": hold and suppression rates).

The rules, in the order in which they decide:

1. one identity leak is one too many, whatever the volume;
2. with fewer than 20 sends attempted, offers generated and offers suppressed there is nothing to judge;
3. more than 35 % of the sends held, from 20 attempted on;
4. more than 60 % of the offers suppressed, from 50 offers on.

Limits themselves still pass. Every broken rule is named; the first decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.rules.contracts.health import SECOND_TOUCH_HEALTH, SECOND_TOUCH_SUMMARY
from tasks.rules.daily_health import ratio
from tasks.rules.outcome import Outcome, Status

SUPPRESSED = (
    "offers_suppressed_rate_limited",
    "offers_suppressed_cooldown_active",
    "offers_suppressed_disabled_until_active",
    "offers_suppressed_disabled_permanent",
    "offers_suppressed_crisis_blocked",
    "offers_suppressed_unknown",
)
HELD = (
    "sends_held_rate_limited",
    "sends_held_cooldown_active",
    "sends_held_disabled",
    "sends_held_crisis_window",
    "sends_held_identity_leak",
    "sends_held_offer_unavailable",
    "sends_held_risk_level_2",
)
KNOWN_COUNTERS = (
    "offers_generated",
    *SUPPRESSED,
    "sends_attempted",
    "sends_queued",
    *HELD,
    "disables_negative_ack",
    "disables_identity_leak",
)
SUMMARY_WINDOWS = (7, 30)
HEALTH_WINDOW = 7

MIN_VOLUME = 20
MIN_OFFERS = 50
MAX_HELD_RATE = 0.35
MAX_SUPPRESSED_RATE = 0.60


@dataclass(frozen=True, slots=True)
class SecondTouch:
    """The counters of one window by key; keys that this version does not know are counted, not dropped in silence."""

    window_days: int
    counts: Mapping[str, int]

    def __getitem__(self, key: str) -> int:
        return self.counts.get(key, 0)

    @property
    def suppressed(self) -> int:
        return sum(self[key] for key in SUPPRESSED)

    @property
    def held(self) -> int:
        return sum(self[key] for key in HELD)

    @property
    def offers(self) -> int:
        return self["offers_generated"] + self.suppressed

    @property
    def suppressed_rate(self) -> float:
        return ratio(self.suppressed, self.offers)

    @property
    def held_rate(self) -> float:
        """Held sends per attempted one; may pass 1, since a hold is also counted where the attempt was not."""
        return self.held / max(self["sends_attempted"], 1)

    @property
    def unknown_keys(self) -> int:
        return sum(key not in KNOWN_COUNTERS for key in self.counts)

    @property
    def identity_leaks_blocked(self) -> int:
        """Sends blocked for an identity leak: hold and disable are two counts of one block, so the larger counts."""
        return max(self["sends_held_identity_leak"], self["disables_identity_leak"])

    @property
    def crisis_routed(self) -> int:
        """Sends and offers that stopped because somebody was in a crisis window."""
        return self["sends_held_crisis_window"] + self["offers_suppressed_crisis_blocked"]


def summary_of(window: SecondTouch) -> Outcome:
    """All known counters of the window in one line, and how many keys it could not place."""
    return SECOND_TOUCH_SUMMARY.says(
        Status.OK,
        "unknown_counters" if window.unknown_keys else None,
        second_touch_window_days=window.window_days,
        offers_suppressed_total=window.suppressed,
        offers_suppressed_rate=window.suppressed_rate,
        sends_held_total=window.held,
        sends_held_rate=window.held_rate,
        unknown_counters=window.unknown_keys or None,
        **{key: window[key] for key in KNOWN_COUNTERS},
    )


def judge_second_touch(window: SecondTouch) -> Outcome:
    """Whether leaks, holds and suppressions are within their limits; every rule that is broken is named."""
    broken = _broken_rules(window)
    if broken:
        return _health(window, Status.UNHEALTHY, broken[0], broken if len(broken) > 1 else None)
    volumes = (window["sends_attempted"], window["offers_generated"], window.suppressed)
    if max(volumes) < MIN_VOLUME:
        return _health(window, Status.INSUFFICIENT_DATA, "insufficient_volume")
    return _health(window, Status.HEALTHY, "ok")


def _broken_rules(window: SecondTouch) -> tuple[str, ...]:
    """The rates carry volume floors of their own, so none of them can break where the volume gate would be shut."""
    rules = {
        "identity_leak_disable": window["disables_identity_leak"] >= 1,
        "held_rate_high": window["sends_attempted"] >= MIN_VOLUME and window.held_rate > MAX_HELD_RATE,
        "suppressed_rate_high": window.offers >= MIN_OFFERS and window.suppressed_rate > MAX_SUPPRESSED_RATE,
    }
    return tuple(reason for reason, is_broken in rules.items() if is_broken)


def _health(window: SecondTouch, status: Status, reason: str, reasons: tuple[str, ...] | None = None) -> Outcome:
    return SECOND_TOUCH_HEALTH.says(
        status,
        reason,
        second_touch_health_window_days=window.window_days,
        offers_generated=window["offers_generated"],
        offers_suppressed_total=window.suppressed,
        offers_suppressed_rate=window.suppressed_rate,
        sends_attempted=window["sends_attempted"],
        sends_queued=window["sends_queued"],
        sends_held_total=window.held,
        sends_held_rate=window.held_rate,
        disables_identity_leak=window["disables_identity_leak"],
        disables_negative_ack=window["disables_negative_ack"],
        reasons=reasons,
    )
