"""Runbook 004, Soak orchestration: the fourteen days whole, through a real server and worker, with everything dying.

336 hours follow one another on a scaled clock: each run of soak-tick is told its hour. SIGKILL comes at random
moments of random hours (the seed is fixed) for the process of the run, the worker, the server or PostgreSQL. A short
soak runs with the suite; the whole one with `make test-long`.
"""

import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, timedelta

import pytest

from tests.deployments.run_rig import await_true
from tests.faults.soak_world import START, World, put_inputs, running_world, stamped
from tests.stack import own_folder

pytestmark = pytest.mark.e2e
SEED = 20261121
RUNGS = ("ROLLBACK_STEP", "DISABLE_STRAT", "REGION_STEP_DOWN")
FAILURES: tuple[dict[str, float | None], ...] = (
    {"p95": 351.0},
    {"net": 1.9},
    {"taker": 0.16},
    {"readiness": 84.9},
    {"edge": None},
)


@dataclass(frozen=True)
class Hour:
    """One hour as it was meant: what the inputs say, and what must stand in the books."""

    phase: str
    seen: dict[str, float | None]
    status: str
    action: str
    fails: int


def planned(hours: dict[str, int], chance: random.Random) -> list[Hour]:
    """Good hours, poor ones and rows of failures; a canary never fails, and each phase ends on a good hour."""
    made: list[Hour] = []
    for phase, length in hours.items():
        fails = 0
        statuses = _statuses(phase, length, chance)
        for status in statuses:
            fails = fails + 1 if status == "FAIL" else 0 if status == "CONTINUE" else fails
            action = {"WARN": "TUNE_DRY", "CONTINUE": "NONE"}.get(status) or RUNGS[min(fails, 3) - 1]
            seen = {"CONTINUE": {}, "WARN": {"net": 2.2}}.get(status) if status != "FAIL" else chance.choice(FAILURES)
            made.append(Hour(phase, dict(seen or {}), status, action, fails))
    return made


def _statuses(phase: str, length: int, chance: random.Random) -> list[str]:
    statuses: list[str] = []
    while len(statuses) < length - 1:
        row = chance.choice(["CONTINUE"] * 4 + ["WARN"] + ([] if phase == "canary" else ["FAIL"]))
        statuses += [row] * chance.randint(1, 4 if row == "FAIL" else 6)
    return [*statuses[: length - 1], "CONTINUE"]


@pytest.mark.row("P004-409")
@pytest.mark.parametrize(
    ("hours", "kills"),
    [
        pytest.param(
            {"shadow": 7, "canary": 6, "live-econ": 7},
            {"run": 3, "postgres": 2, "worker": 1, "server": 1},
            marks=pytest.mark.timeout(600),
            id="short",
        ),
        pytest.param(
            {"shadow": 120, "canary": 96, "live-econ": 120},
            {"run": 12, "postgres": 8, "worker": 6, "server": 4},
            marks=[pytest.mark.long, pytest.mark.timeout(3600)],
            id="fourteen days",
        ),
    ],
)
def test_a_soak_survives_the_death_of_everything_and_every_hour_stands_once(hours, kills):
    chance = random.Random(SEED)
    plan = planned(hours, chance)
    deaths = [kind for kind, number in kills.items() for _ in range(number)]
    victims = dict(zip(chance.sample(range(len(plan) - 5), len(deaths)), deaths, strict=True))
    owed: list[str] = []
    with own_folder() as folder, running_world(folder, SEED) as world:
        begun = time.monotonic()
        start_soak(world, hours)
        for number, hour in enumerate(plan):
            put_inputs(folder / "artifacts", **hour.seen)
            owed += [victims[number]] if number in victims else []
            if world.tick(number, owed[0] if owed else None):
                owed.pop(0)
        await_true(lambda: not world.running(), 60)
        took = time.monotonic() - begun
        sys.stdout.write(f"{len(plan)} hours, {world.runs} runs, killed {world.hits}, {took:.0f} s\n")
        assert world.hits == kills
        each_hour_stands_once(world, plan)
        the_journal_is_whole(world, plan)
        the_ladder_is_right(world, plan)


def start_soak(world: World, hours: dict[str, int]) -> None:
    artifacts = world.folder / "artifacts"
    run = world.start(
        "soak",
        do="start",
        clock="scaled",
        at=stamped(START),
        shadow_hours=hours["shadow"],
        canary_hours=hours["canary"],
        live_hours=hours["live-econ"],
        journal=str(world.journal),
        kpi_gate=str(artifacts / "KPI_GATE.json"),
        edge_report=str(artifacts / "EDGE_REPORT.json"),
    )
    assert world.end_of(run, 60) == "COMPLETED"


def each_hour_stands_once(world: World, plan: list[Hour]) -> None:
    rows = world.query("SELECT slot, phase, status, action FROM soak_ticks ORDER BY slot, phase")
    assert [slot.astimezone(UTC) for slot, *_ in rows] == [START + timedelta(hours=n) for n in range(len(plan))]
    assert [tuple(row[1:]) for row in rows] == [(hour.phase, hour.status, hour.action) for hour in plan]
    assert world.query("SELECT state, phase FROM soaks") == [("passed", "live-econ")]


def the_journal_is_whole(world: World, plan: list[Hour]) -> None:
    records = [json.loads(line) for line in world.journal.read_bytes().splitlines()]
    ticks = [record["slot"] for record in records if record["status"] in ("CONTINUE", "WARN", "FAIL", "GAP")]
    assert ticks == [stamped(START + timedelta(hours=number)) for number in range(len(plan))]
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    said = world.by_hand("journal-verify", "--journal", str(world.journal))
    assert said.startswith(f"journal_verify status=ok lines={len(records)} "), said
    said = world.by_hand("soak-replay", "--journal", str(world.journal))
    assert said.startswith(f"soak_replay status=ok ticks={len(plan)} same={len(plan)} different=0 "), said


def the_ladder_is_right(world: World, plan: list[Hour]) -> None:
    """The state of each phase's ladder, and every rung called exactly once."""
    last = {hour.phase: hour.fails for hour in plan}
    assert dict(world.query("SELECT phase, fails FROM soak_ladders")) == last
    called = world.query("SELECT action, state FROM soak_actions")
    assert not [action for action, state in called if state == "planned"]
    assert Counter(action for action, _ in called) == Counter(hour.action for hour in plan if hour.action != "NONE")
    answered = [json.loads(line) for line in world.journal.read_bytes().splitlines()]
    answers = Counter(record["key"] for record in answered if record["status"] == "ACTION")
    assert len(answers) == len(called)
    assert set(answers.values()) <= {1}
