"""What the parts of a daily run add up to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.contracts.database import DB_BOOTSTRAP_DRY_RUN, DB_VERIFY
from tasks.rules.contracts.health import METRICS_REGRESSION, OPS_DAILY_WATCHDOG, SECOND_TOUCH_HEALTH
from tasks.rules.contracts.production import RETENTION_CLEANUP, RETENTION_REPORT
from tasks.rules.daily_verdict import conclude, conclude_verification, normalize, worst_exit
from tasks.rules.outcome import Outcome, Status

HEALTHY = OPS_DAILY_WATCHDOG.says(Status.HEALTHY)
NO_TRAFFIC = OPS_DAILY_WATCHDOG.says(Status.INSUFFICIENT_DATA, "delivered_total_0")
LOW = OPS_DAILY_WATCHDOG.says(Status.UNHEALTHY)
TOUCH_GOOD = SECOND_TOUCH_HEALTH.says(Status.HEALTHY, "ok")
TOUCH_QUIET = SECOND_TOUCH_HEALTH.says(Status.INSUFFICIENT_DATA, "insufficient_volume")
TOUCH_LEAK = SECOND_TOUCH_HEALTH.says(Status.UNHEALTHY, "identity_leak_disable")
REGRESSED = METRICS_REGRESSION.says(Status.FAIL, "crisis_rate_high")
NO_BASELINE = METRICS_REGRESSION.says(Status.NOT_CONFIGURED, "missing_baseline")
CLEANED = RETENTION_CLEANUP.says(Status.OK, deleted_total=0)
NOT_CLEANED = RETENTION_CLEANUP.says(Status.FAIL, "cleanup_failed")
DRIFT = RETENTION_REPORT.says(Status.FAIL, "ttl_drift")


@pytest.mark.row("P001-16", "P001-18", "W001-2")
@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ([HEALTHY, TOUCH_GOOD], "ops_ci_normalize status=ok reason=exit_0"),
        ([HEALTHY, TOUCH_QUIET], "ops_ci_normalize status=ok reason=exit_0"),
        (
            [NO_TRAFFIC, TOUCH_QUIET],
            "ops_ci_normalize status=normalized reason=insufficient_data parts=ops_daily_watchdog:insufficient_data",
        ),
        (
            [NO_TRAFFIC, TOUCH_LEAK],
            "ops_ci_normalize status=fail reason=unexpected_exit_2"
            " parts=ops_daily_watchdog:insufficient_data,second_touch_health:unhealthy",
        ),
        (
            [LOW, TOUCH_QUIET],
            "ops_ci_normalize status=fail reason=unexpected_exit_2 parts=ops_daily_watchdog:unhealthy",
        ),
        ([NOT_CLEANED], "ops_ci_normalize status=fail reason=unexpected_exit_1 parts=retention_cleanup:fail"),
    ],
)
def test_only_a_run_that_lacks_nothing_but_data_is_normalised(parts, line):
    assert normalize(parts, scheduled=True).line == line


@pytest.mark.row("P001-16")
@pytest.mark.parametrize("parts", [[HEALTHY], [NO_TRAFFIC], [LOW]])
def test_by_hand_nothing_is_normalised(parts):
    assert normalize(parts, scheduled=False).line == "ops_ci_normalize status=skip reason=not_schedule"
    assert conclude(parts, [], scheduled=False, day="2026-11-21").exit_code == worst_exit(parts)


def concluded(*parts: Outcome, upkeep: tuple[Outcome, ...] = (), scheduled: bool = True) -> str:
    return conclude(parts, upkeep, scheduled=scheduled, day="2026-11-21").line


def test_a_good_day_is_healthy():
    assert concluded(HEALTHY, TOUCH_GOOD, upkeep=(CLEANED,)) == "ops_daily status=healthy mode=prod day=2026-11-21"


def test_what_is_not_good_but_no_failure_is_still_named():
    assert concluded(HEALTHY, TOUCH_QUIET, upkeep=(NO_BASELINE,)) == (
        "ops_daily status=healthy mode=prod"
        " parts=second_touch_health:insufficient_data,metrics_regression:not_configured day=2026-11-21"
    )


def test_a_quiet_scheduled_day_is_normalised():
    assert concluded(NO_TRAFFIC, TOUCH_GOOD).startswith("ops_daily status=normalized reason=insufficient_data ")


def test_a_quiet_day_by_hand_is_insufficient_data():
    assert concluded(NO_TRAFFIC, TOUCH_QUIET, scheduled=False).startswith(
        "ops_daily status=insufficient_data reason=delivered_total_0 "
    )


def test_a_leak_beside_no_traffic_is_unhealthy():
    assert concluded(NO_TRAFFIC, TOUCH_LEAK).startswith("ops_daily status=unhealthy reason=identity_leak_disable ")


@pytest.mark.row("W001-20")
def test_a_quiet_day_does_not_hide_a_failed_upkeep():
    assert concluded(NO_TRAFFIC, upkeep=(NOT_CLEANED, DRIFT)).startswith(
        "ops_daily status=fail reason=cleanup_failed "
    )
    assert concluded(HEALTHY, upkeep=(REGRESSED,)).startswith("ops_daily status=fail reason=metrics_regression ")
    assert concluded(HEALTHY, upkeep=(CLEANED, DRIFT)).startswith("ops_daily status=fail reason=ttl_drift ")


HEALTH = st.lists(st.sampled_from([HEALTHY, NO_TRAFFIC, LOW, TOUCH_GOOD, TOUCH_QUIET, TOUCH_LEAK]), max_size=4)
UPKEEP = st.lists(st.sampled_from([REGRESSED, NO_BASELINE, CLEANED, NOT_CLEANED, DRIFT]), max_size=4)


@given(HEALTH, UPKEEP, st.booleans())
def test_the_exit_code_is_the_worst_of_the_parts_after_normalisation(health, upkeep, scheduled):
    quiet = normalize(health, scheduled=scheduled).status is Status.NORMALIZED
    outcome = conclude(health, upkeep, scheduled=scheduled, day="2026-11-21")
    assert outcome.exit_code == worst_exit([*([] if quiet else health), *upkeep])
    assert "undeclared" not in outcome.line


@given(HEALTH)
def test_nothing_bad_is_ever_normalised(health):
    if any(part.status is Status.UNHEALTHY for part in health):
        assert normalize(health, scheduled=True).status is Status.FAIL


PLAN_OK = DB_BOOTSTRAP_DRY_RUN.says(Status.OK, migrations=17)
SCHEMA_OK = DB_VERIFY.says(Status.OK)


@pytest.mark.parametrize(
    ("parts", "health", "line"),
    [
        ([PLAN_OK, SCHEMA_OK], [HEALTHY], "prod_verify status=ok mode=verify"),
        (
            [PLAN_OK, SCHEMA_OK],
            [NO_TRAFFIC],
            "prod_verify status=insufficient_data reason=delivered_total_0 mode=verify"
            " parts=ops_daily_watchdog:insufficient_data",
        ),
        (
            [PLAN_OK, SCHEMA_OK],
            [LOW],
            "prod_verify status=unhealthy reason=ops_daily_unhealthy mode=verify parts=ops_daily_watchdog:unhealthy",
        ),
        (
            [PLAN_OK, DB_VERIFY.says(Status.FAIL, "missing_tables")],
            [],
            "prod_verify status=fail reason=db_verify_failed mode=verify parts=db_verify:fail",
        ),
        (
            [DB_BOOTSTRAP_DRY_RUN.says(Status.FAIL, "migration_gap")],
            [],
            "prod_verify status=fail reason=db_bootstrap_failed mode=verify parts=db_bootstrap_dry_run:fail",
        ),
    ],
)
def test_a_verification_needs_plan_and_schema_and_accepts_a_quiet_service(parts, health, line):
    assert conclude_verification(parts, health).line == line


@pytest.mark.row("P001-11")
def test_no_data_after_a_deploy_is_exit_0():
    assert conclude_verification([PLAN_OK, SCHEMA_OK], [NO_TRAFFIC, TOUCH_QUIET]).exit_code == 0
