"""A tick that is killed anywhere, and started again, ends as if nothing had happened."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tasks.journal_reading import verify
from tasks.rules.journal import Head
from tests.hook_server import running_control
from tests.soaks import SLOW, epoch, of, put_inputs, records
from tests.tasks.soak_killer import HOURS

ROOT = Path(__file__).parents[2]
STRIDE = 37
EXPECTED = [
    ("2026-11-21T03:00:00Z", "FAIL", "ROLLBACK_STEP", "p95_gt_350ms"),
    ("2026-11-21T03:00:00Z", "ACTION", "ROLLBACK_STEP", "called"),
    ("2026-11-21T04:00:00Z", "FAIL", "DISABLE_STRAT", "p95_gt_350ms"),
    ("2026-11-21T04:00:00Z", "ACTION", "DISABLE_STRAT", "called"),
]


@pytest.fixture
def control():
    with running_control() as control:
        yield control


def rows(dsn, query, *values):
    with psycopg.connect(dsn) as connection:
        return connection.execute(query, values).fetchall()


@pytest.mark.row("P004-306")
def test_a_tick_killed_at_any_step_ends_the_same_after_a_second_start(tmp_path, operations_database, control):
    rungs = ("TUNE_DRY", "ROLLBACK_STEP", "DISABLE_STRAT", "REGION_STEP_DOWN")
    (tmp_path / "soak.toml").write_text(
        "\n".join(f'[{rung}]\ndo = "http"\nurl = "{control.url}"\n' for rung in rungs)
    )
    put_inputs(tmp_path, epoch(HOURS[0]), edge=SLOW)
    command = [sys.executable, "-m", "tests.tasks.soak_killer", str(tmp_path), str(STRIDE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=290, check=True)
    cases = int(done.stdout)
    assert cases > 10
    for number in range(1, cases + 1):
        region = f"case-{number}"
        journal = tmp_path / region / "JOURNAL.jsonl"
        assert of(records(journal), "slot", "status", "action", "reason") == EXPECTED, region
        heads = rows(
            operations_database, "SELECT count, hash, inode FROM journal_heads WHERE journal = %s", str(journal)
        )
        found = [Head(*head) for head in heads]
        assert verify(journal, found).judged(found) is None
        assert max(head.count for head in found) == 4
    check_books(operations_database, cases)
    slots = {
        f"soak-tick/by-hand/canary/case-{n}/2026-11-21T0{hour}:00:00Z" for n in range(1, cases + 1) for hour in "34"
    }
    assert set(control.keys) == slots
    assert (
        len(control.keys) - len(slots) <= cases // 4
    )  # called twice only where the caller died before it wrote that down


def check_books(dsn, cases):
    assert rows(dsn, "SELECT count(*), count(DISTINCT (region, slot)) FROM soak_ticks") == [(2 * cases, 2 * cases)]
    assert rows(dsn, "SELECT DISTINCT fails FROM soak_ladders") == [(2,)]
    assert rows(dsn, "SELECT DISTINCT state, result FROM soak_actions") == [("done", "called")]
