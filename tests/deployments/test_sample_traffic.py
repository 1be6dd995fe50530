"""Sample traffic: healthy, repeatable, and never mixed with real rows."""

from datetime import timedelta

import psycopg
import pytest

from deployments.sample_traffic import load_sample_traffic
from tasks.production import read_daily_facts
from tasks.rules.daily_health import judge_window, window_of
from tasks.rules.faults import Refused
from tasks.rules.second_touch import SecondTouch, judge_second_touch
from tasks.settings import PRODUCTION_DSN
from tasks.step import without_server
from tests.production_database import TODAY, add_counters, add_day, add_delivery, days_ago

_TABLES = (
    "messages",
    "inbox_items",
    "acknowledgements",
    "daily_ack_aggregates",
    "second_touch_daily_aggregates",
    "second_touch_events",
)


def contents(dsn: str) -> dict[str, str]:
    with psycopg.connect(dsn) as conn:
        return {
            table: str(
                conn.execute(
                    f"SELECT count(*), md5(string_agg(r, '' ORDER BY r)) FROM (SELECT (to_jsonb(t) - 'id'"
                    f" - 'updated_at')::text AS r FROM {table} t) rows"
                ).fetchone()
            )
            for table in _TABLES
        }


def test_a_second_load_changes_nothing(service_database):
    assert load_sample_traffic(service_database, TODAY) > 1000
    before = contents(service_database)
    assert load_sample_traffic(service_database, TODAY) == 0
    assert contents(service_database) == before


def test_the_next_day_adds_that_day_alone(service_database):
    load_sample_traffic(service_database, TODAY - timedelta(days=1))
    added = load_sample_traffic(service_database, TODAY)
    assert 20 < added < 100


def test_the_loaded_service_is_healthy_and_has_volume_and_a_trend(service_database):
    load_sample_traffic(service_database, TODAY)
    with without_server():
        facts = read_daily_facts(PRODUCTION_DSN, TODAY, 7, None)
    assert judge_window(window_of(facts.everything.rows, TODAY, 7), 0.2, facts.future_rows).status == "healthy"
    assert judge_second_touch(SecondTouch(7, facts.counters[7])).status == "healthy"
    assert len(facts.everything.rows) == 30
    healths = [row.h for row in facts.everything.rows]
    assert max(healths) - min(healths) > 0.15
    assert facts.everything.ack_total > sum(row.positive for row in window_of(facts.everything.rows, TODAY, 7).rows)
    assert facts.everything.p95_delivery_latency_s is not None
    assert 0 < facts.everything.p95_delivery_latency_s <= 5


@pytest.mark.parametrize(
    "foreign",
    [
        lambda dsn: add_delivery(dsn, TODAY),
        lambda dsn: add_day(dsn, days_ago(3), 1, 1),
        lambda dsn: add_counters(dsn, TODAY, offers_generated=1),
    ],
    ids=["a message", "a day's count", "a counter"],
)
def test_a_database_with_rows_of_its_own_is_refused(service_database, foreign):
    foreign(service_database)
    before = contents(service_database)
    with pytest.raises(Refused, match="foreign_rows"):
        load_sample_traffic(service_database, TODAY)
    assert contents(service_database) == before


def test_a_foreign_message_among_the_sample_is_found(service_database):
    load_sample_traffic(service_database, TODAY)
    add_delivery(service_database, TODAY)
    with pytest.raises(Refused, match="foreign_rows"):
        load_sample_traffic(service_database, TODAY)
