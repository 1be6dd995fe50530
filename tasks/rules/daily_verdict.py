"""What the parts of a daily run add up to (runbook 001, "Tokens & exit codes" and playbook unexpected_exit_2).

On schedule a quiet service is no alarm: when every part that is not good only lacks data, the run is normalised to
exit 0. One part that is really bad keeps the code, however little data another part had. By hand nothing is
normalised.
"""

from collections.abc import Sequence

from tasks.rules.contracts.health import OPS_CI_NORMALIZE
from tasks.rules.contracts.production import OPS_DAILY, PROD_VERIFY
from tasks.rules.outcome import EXIT_OK, EXIT_UNHEALTHY, Outcome, Status

_QUIET = (Status.OK, Status.HEALTHY, Status.NORMALIZED, Status.SKIP, Status.PLANNED)
# What the daily line says for a part that is bad, where the part's own reason does not say it.
_REASONS = {
    "ops_daily_watchdog": "matching_health_low",
    "metrics_regression": "metrics_regression",
    "retention_cleanup": "cleanup_failed",
    "retention_report": "ttl_drift",
}


def worst_exit(parts: Sequence[Outcome]) -> int:
    return max((part.exit_code for part in parts), default=EXIT_OK)


def normalize(parts: Sequence[Outcome], *, scheduled: bool) -> Outcome:
    """Whether the exit code of the health parts may count as quiet; judged on their statuses, never on text."""
    bad = [part for part in parts if part.exit_code != EXIT_OK]
    if not scheduled:
        return OPS_CI_NORMALIZE.says(Status.SKIP, "not_schedule")
    if not bad:
        return OPS_CI_NORMALIZE.says(Status.OK, "exit_0")
    if all(part.status is Status.INSUFFICIENT_DATA for part in bad):
        return OPS_CI_NORMALIZE.says(Status.NORMALIZED, "insufficient_data", parts=named(bad))
    return OPS_CI_NORMALIZE.says(Status.FAIL, f"unexpected_exit_{worst_exit(bad)}", parts=named(bad))


def named(parts: Sequence[Outcome]) -> tuple[str, ...] | None:
    """The parts that were not good, as `token:status`; None when all were."""
    return tuple(f"{part.token}:{part.status}" for part in parts if part.status not in _QUIET) or None


def conclude(health: Sequence[Outcome], upkeep: Sequence[Outcome], *, scheduled: bool, day: str) -> Outcome:
    """The line of the whole run. Its exit code is the worst of its parts, after normalisation of the health parts."""
    verdict = normalize(health, scheduled=scheduled)
    counted = list(upkeep) if verdict.status is Status.NORMALIZED else [*health, *upkeep]
    worst = _worst(counted)
    parts = named([*health, *upkeep])
    if worst is not None:
        return OPS_DAILY.says(_status_of(worst), _reason_of(worst), mode="prod", day=day, parts=parts)
    if verdict.status is Status.NORMALIZED:
        return OPS_DAILY.says(Status.NORMALIZED, "insufficient_data", mode="prod", day=day, parts=parts)
    return OPS_DAILY.says(Status.HEALTHY, mode="prod", day=day, parts=parts)


def _worst(parts: Sequence[Outcome]) -> Outcome | None:
    """The first of the gravest parts: unhealthy before insufficient data before failed, as the exit codes go."""
    bad = [part for part in parts if part.exit_code != EXIT_OK]
    return min(bad, key=lambda part: (-part.exit_code, part.status is Status.INSUFFICIENT_DATA), default=None)


def _status_of(part: Outcome) -> Status:
    return part.status if part.exit_code == EXIT_UNHEALTHY else Status.FAIL


def _reason_of(part: Outcome) -> str | None:
    if part.token in _REASONS and part.status is not Status.INSUFFICIENT_DATA:
        return _REASONS[part.token]
    return part.reason


def conclude_verification(parts: Sequence[Outcome], health: Sequence[Outcome]) -> Outcome:
    """The line of a verification: plan and schema must be right, health must not be bad; no data is said, not failed.

    Runbook 001, After deploy: "healthy or insufficient_data".
    """
    said = named([*parts, *health])
    for part in parts:
        if part.exit_code != EXIT_OK:
            step = "db_bootstrap" if part.token.startswith("db_bootstrap") else part.token
            return PROD_VERIFY.says(Status.FAIL, f"{step}_failed", mode="verify", parts=said)
    worst = _worst(health)
    if worst is None:
        return PROD_VERIFY.says(Status.OK, mode="verify", parts=said)
    if worst.status is Status.INSUFFICIENT_DATA:
        return PROD_VERIFY.says(Status.INSUFFICIENT_DATA, "delivered_total_0", mode="verify", parts=said)
    return PROD_VERIFY.says(Status.UNHEALTHY, "ops_daily_unhealthy", mode="verify", parts=said)
