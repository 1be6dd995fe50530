"""prefect.yaml says what it means: nothing unknown, one name in four places, and the habits of the house."""

import json
from pathlib import Path

import pytest
import yaml

from deployments.wanted import FILE, ROOT, read_file, read_wanted
from flows.catalogue import read_catalogue
from tasks.rules.faults import Misconfigured

FILES = sorted(path for path in (ROOT / "flows").glob("*/*.py") if "@procedure(" in path.read_text())
HEARTBEAT = "PREFECT_FLOWS_HEARTBEAT_FREQUENCY"

# Kept apart by a lock or a row of their own.
OWN_LOCK = ("janitor", "soak-tick", "safe-mode", "live-promotion")


@pytest.fixture
def edited(tmp_path):
    """prefect.yaml with one change, as a file of its own."""

    def edit(change):
        content = yaml.safe_load(FILE.read_text())
        content["deployments"] = json.loads(json.dumps(content["deployments"]))  # aliases become copies
        change(content)
        path = tmp_path / "prefect.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    return edit


@pytest.mark.row("D001-28")
def test_file_flow_deployment_and_command_have_the_same_name():
    deployed = {one.name: one for one in read_file().deployments}
    assert set(deployed) == {path.stem.replace("_", "-") for path in FILES} == set(read_catalogue())
    for wanted in read_wanted():
        assert wanted.name == wanted.flow_name
        function = wanted.name.replace("-", "_")
        assert deployed[wanted.name].entrypoint.endswith(f"/{function}.py:{function}")


@pytest.mark.row("D001-20")
@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda c: c["deployments"][0].update(concurency_limit=1), "concurency_limit"),
        (lambda c: c["deployments"][0].update(schedule={"cron": "0 3 * * *"}), "schedule"),
        (lambda c: c["deployments"][3]["schedules"][0].update(active=True), "active"),
        (lambda c: c["deployments"][3]["schedules"][0].pop("slug"), "slug"),
        (lambda c: c["deployments"][3]["schedules"][0].pop("timezone"), "timezone"),
        (lambda c: c["deployments"][3]["schedules"][0].update(cron="0 25 * * *"), "cron"),
        (lambda c: c["deployments"][3]["schedules"][0].update(timezone="Mars/Base"), "timezone"),
        (lambda c: c["deployments"][3]["schedules"].append(c["deployments"][3]["schedules"][0]), "slug of its own"),
        (lambda c: c["deployments"][3]["concurrency_limit"].update(collision_strategy="QUEUE"), "collision_strategy"),
        (lambda c: c["deployments"][3]["concurrency_limit"].update(grace_period_seconds=5), "grace_period_seconds"),
        (lambda c: c["deployments"].append(c["deployments"][0]), "two deployments"),
    ],
)
def test_what_prefect_would_ignore_or_undo_is_refused_with_its_place(edited, change, place):
    with pytest.raises(Misconfigured, match=place):
        read_file(edited(change))


def test_a_file_that_is_no_yaml_is_refused_by_its_name(tmp_path):
    path = tmp_path / "prefect.yaml"
    path.write_text("deployments: [")
    with pytest.raises(Misconfigured, match=r"prefect\.yaml"):
        read_file(path)


def test_every_deployment_declares_its_heartbeat_which_the_janitor_goes_by():
    assert {one.work_pool.job_variables["env"][HEARTBEAT] for one in read_file().deployments} == {"30"}


@pytest.mark.row("D001-21", "D001-22")
def test_what_writes_is_never_repeated_by_itself_and_never_runs_twice_at_a_time():
    for one in read_file().deployments:
        retries = one.work_pool.job_variables["env"]["PREFECT_TASKS_DEFAULT_RETRIES"]
        assert retries == ("3" if "reads" in one.tags else "0"), one.name
        if "writes" in one.tags and one.name not in OWN_LOCK:
            assert one.concurrency_limit is not None
            assert one.concurrency_limit.limit == 1


@pytest.mark.row("D001-22")
def test_a_second_daily_run_waits_and_a_second_writer_of_production_is_refused():
    strategies = {
        one.name: one.concurrency_limit.collision_strategy
        for one in read_file().deployments
        if "production" in one.tags and "writes" in one.tags and one.concurrency_limit
    }
    assert strategies.pop("ops-daily") == "ENQUEUE"
    assert len(strategies) > 4
    assert set(strategies.values()) == {"CANCEL_NEW"}


def test_the_parameters_of_deployments_and_schedules_are_ones_their_flows_know():
    for wanted in read_wanted():
        known = set(wanted.settings["parameter_openapi_schema"]["properties"])
        given = [wanted.settings["parameters"], *(one["parameters"] for one in wanted.schedules.values())]
        assert known >= {name for parameters in given for name in parameters}, wanted.name


def test_the_janitor_has_no_limit_that_a_dead_janitor_could_hold():
    (janitor,) = (one for one in read_file().deployments if one.name == "janitor")
    assert janitor.concurrency_limit is None
    assert janitor.parameters == {"execute": True}


@pytest.mark.row("P004-312", "D004-303")
def test_the_soak_ticks_every_hour_in_utc_and_a_dead_tick_holds_no_slot():
    (tick,) = (one for one in read_file().deployments if one.name == "soak-tick")
    (schedule,) = tick.schedules
    assert (schedule.cron, schedule.timezone, schedule.parameters) == ("5 * * * *", "UTC", {})
    assert tick.concurrency_limit is None


@pytest.mark.row("P004-405")
@pytest.mark.parametrize("weekday", ["*", "6"])
def test_what_the_morning_judges_is_produced_before_it_and_in_order(weekday):
    """Every producer stands behind what it reads, in the same zone as the round, on plain days and on Saturdays."""
    order = [
        "full-validate",
        "edge-report",
        "edge-sentinel",
        "daily-report",
        *(["weekly-rollup"] if weekday == "6" else []),
        "readiness-score",
        "kpi-gate",
        "daily-routine",
        "bundle-auto",
    ]
    due = {}
    for one in read_file().deployments:
        for schedule in one.schedules:
            minute, hour, *_, day = schedule.cron.split()
            if one.name in order and day in ("*", weekday):
                assert schedule.timezone == "Europe/Berlin"
                due[one.name] = (int(hour), int(minute))
    assert sorted(due, key=lambda name: due[name]) == order
    assert len(set(due.values())) == len(order)


@pytest.mark.parametrize("name", ["compose.yaml", "helm-values.yaml"])
def test_the_files_for_larger_places_are_valid_and_carry_every_server_setting(name):
    text = (ROOT / "deployments" / name).read_text()
    assert isinstance(yaml.safe_load(text), dict)
    settings = Path(ROOT / "deployments" / "prefect.server.env").read_text().splitlines()
    names = [line.partition("=")[0] for line in settings if line and not line.startswith("#")]
    assert names
    if "prefect.server.env" not in text:
        assert [name for name in names if name not in text] == []
