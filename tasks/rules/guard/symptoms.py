"""The troubleshooting table of runbook 002: what is seen, what it is, what to look at, which procedure helps."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symptom:
    """`seen` finds it in a line; `look_at` is one sentence for the operator; `flow` a procedure of this project."""

    kind: str
    seen: re.Pattern[str]
    look_at: str
    flow: str


def _any(*words: str) -> re.Pattern[str]:
    """Any of the words, standing alone."""
    return re.compile("|".join(rf"(?<![\w-]){word}" for word in words), re.IGNORECASE)


SYMPTOMS: tuple[Symptom, ...] = (
    Symptom(
        "format",
        _any(r"would reformat"),
        "run the formatter, look at the diff, and commit it by itself after a review",
        "full-validate",
    ),
    Symptom(
        "bandit_assert",
        _any(r"B101\b", r"assert_used\b"),
        "put an explicit check with ValueError or RuntimeError in place of the assert",
        "full-validate",
    ),
    Symptom(
        "typing",
        re.compile(r"error:.*\b(?:Decimal|Optional|None)\b|\bmypy\b.*\b(?:Decimal|Optional)\b", re.IGNORECASE),
        "Decimal from decimal everywhere, types written out, Optional with a check for None",
        "full-validate",
    ),
    Symptom(
        "secret_scan",
        _any(r"Potential secrets detected"),
        "take it out and rotate it; a false alarm gets an entry in the allowlist with a reason",
        "full-validate",
    ),
    Symptom(
        "readiness",
        _any(
            r"readiness-missing:",
            r"readiness-bad:",
            r"readiness-agg\b",
            r"missing_signal::",
            r"recon_divergence\b",
            r"router_not_ready\b",
            r"watchdog_(?:down|degraded)\b",
            r"health-watchdog-(?:fail|warn)\b",
            r"leader:not_\w+",
            r"(?:healthz|journal|config|resume):not_ok\b",
            r"(?:config_not_loaded|db_unavailable|metrics_unavailable)\b",
        ),
        "compare READINESS_REQUIRED with the signals that are published and their age with READINESS_TTL_SEC",
        "readiness",
    ),
    Symptom(
        "market_data",
        _any(r"stale-p95\b", r"md_stale_\w+", r"md_staleness\b", r"marketdata-stale\b", r"md_disconnected\b"),
        "STALE_P95_LIMIT_MS 1500, window 200 samples, cooldown 10 s; is the feed connected? Resync it by hand",
        "metrics-check",
    ),
    Symptom(
        "idempotency",
        _any(r"cooldown\b", r"cooldown_remaining\b", r"dupe-intent\b", r"key_cooloff\b"),
        "IDEMPOTENCY_WINDOW_SEC and the cooldown map; only expired keys are cleared, all of them only under a hold",
        "safe-mode",
    ),
    Symptom(
        "live_guard",
        _any(r"live-confirm-missing\b", r"live-readiness-not-ok\b", r"live-guard\b"),
        "the confirmation is typed by a person for one start, and readiness must be green before",
        "readiness",
    ),
    Symptom(
        "startup",
        re.compile(r"\[FATAL CONFIG\]", re.IGNORECASE),
        "each line names a variable that is missing or wrong: correct the file and check it before the next start",
        "env-check",
    ),
    Symptom(
        "safe_mode",
        _any(r"safe-mode\b"),
        "orders are refused because safe mode is on; it goes off with a reason, an incident and two people",
        "safe-mode",
    ),
    Symptom(
        "risk",
        _any(
            r"pnl-cap\b",
            r"risk-budget\b",
            r"venue_cap\b",
            r"symbol_cap\b",
            r"strategy_cap\b",
            r"daily_cooloff\b",
            r"daily_loss:breach\b",
            r"(?:pretrade|risk)_throttled\b",
            r"(?:block|blocked|reason)\W+risk\b",
            r"risk\s*$",
        ),
        "a limit of the profile was reached: look at the caps and the day's loss before anything is raised",
        "readiness",
    ),
    Symptom(
        "canary",
        _any(r"canary-max-order-notional\b", r"canary-max-daily-orders\b"),
        "an order above the canary's limits: CANARY_MAX_ORDER_NOTIONAL_USD, CANARY_MAX_DAILY_ORDERS in a UTC day",
        "canary",
    ),
    Symptom(
        "hold",
        _any(
            r"SLO_CRITICAL::",
            r"EXCHANGE_WATCHDOG::",
            r"ACCOUNT_HEALTH::",
            r"RECON_DIVERGENCE\b",
            r"RISK::",
            r"watchdog:auto_hold\b",
            r"leader_lock:not_leader\b",
        ),
        "the runtime held itself: write the reason down first, then find it; nobody resumes before",
        "incident-note",
    ),
    Symptom(
        "timeout",
        _any(r"ack-timeout\b", r"fill-timeout\b", r"outbox-inflight\b"),
        "SUBMIT_ACK_TIMEOUT_SEC and FILL_TIMEOUT_SEC against the venue's answers; look for orders left open",
        "metrics-check",
    ),
    Symptom(
        "order_rules",
        _any(r"pretrade\b", r"qty_invalid\b", r"no_meta\b", r"strategy-lifecycle\b", r"strategy-budget\b"),
        "the order itself was not allowed: its quantity, its instrument, or its strategy's stage",
        "readiness",
    ),
)
