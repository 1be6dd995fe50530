"""The server holds what prefect.yaml says, and drift is found and mended, on a real Prefect server."""

from contextlib import suppress

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.exceptions import ObjectNotFound

from deployments.drift import ABSENT
from deployments.register import read_drift, register
from deployments.wanted import FILE, read_wanted

NAMES = ("ops-daily", "db-bootstrap")


@pytest.fixture
def file(tmp_path):
    """Two of our deployments in a pool of this test's own."""
    content = yaml.safe_load(FILE.read_text())
    content["deployments"] = [one for one in content["deployments"] if one["name"] in NAMES]
    for one in content["deployments"]:
        one["work_pool"]["name"] = f"pool-{tmp_path.name}"
    path = tmp_path / "prefect.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
def registered(prefect_server, file):
    wanted = read_wanted(file)
    register(wanted)
    yield wanted
    with get_client(sync_client=True) as client:
        for name in NAMES:
            with suppress(ObjectNotFound):
                client.delete_deployment(client.read_deployment_by_name(f"{name}/{name}").id)


def deployment(name):
    with get_client(sync_client=True) as client:
        return client.read_deployment_by_name(f"{name}/{name}")


def what(differences):
    return [(one.deployment, one.what) for one in differences]


@pytest.mark.row("D001-27")
def test_a_second_registration_changes_nothing(registered):
    assert read_drift(registered) == []
    assert register(registered).mended == []


@pytest.mark.row("P001-26", "D001-20", "D001-22")
def test_the_server_holds_schedule_limit_form_and_note(registered):
    held = deployment("ops-daily")
    assert [(one.slug, one.schedule.cron, one.schedule.timezone, one.active) for one in held.schedules] == [
        ("ops-daily-0300", "0 3 * * *", "UTC", True)
    ]
    assert held.global_concurrency_limit.limit == 1
    assert held.concurrency_options.collision_strategy.value == "ENQUEUE"
    assert held.concurrency_options.grace_period_seconds == 120
    assert held.parameter_openapi_schema["properties"]["days"]["maximum"] == 365
    assert "Runbook 001" in held.description


@pytest.mark.row("D001-25")
def test_a_setting_changed_on_the_server_is_found_and_mended(registered):
    with get_client(sync_client=True) as client:
        change = DeploymentUpdate(tags=["stray"], parameters={"mode": "ci"}, concurrency_limit=7)
        client.update_deployment(deployment("ops-daily").id, change)
    found = what(read_drift(registered))
    assert sorted(found) == [("ops-daily", name) for name in ("concurrency_limit", "parameters", "tags")]
    assert what(register(registered).mended) == found
    assert read_drift(registered) == []


def switch_off(name):
    """What the switch in the UI sends."""
    with get_client(sync_client=True) as client:
        held = deployment(name)
        path = {"id": held.id, "schedule_id": held.schedules[0].id}
        body = {"active": False}
        client.request("PATCH", "/deployments/{id}/schedules/{schedule_id}", path_params=path, json=body)


def test_the_switch_of_the_ui_loses_a_schedules_parameters_which_is_found_and_mended_without_switching(registered):
    """Prefect 3.8.8 writes an empty set of parameters with every change of a schedule that names none."""
    switch_off("ops-daily")
    assert deployment("ops-daily").schedules[0].parameters == {}
    assert what(read_drift(registered)) == [("ops-daily", "schedule ops-daily-0300")]
    register(registered)
    (schedule,) = deployment("ops-daily").schedules
    assert (schedule.parameters, schedule.active) == ({"mode": "prod", "scheduled": True}, False)
    assert read_drift(registered) == []


@pytest.mark.row("D001-25")
def test_a_schedule_switched_off_by_an_operator_stays_off_also_when_its_time_changes(registered, file):
    switch_off("ops-daily")
    content = yaml.safe_load(file.read_text())
    (daily,) = (one for one in content["deployments"] if one["name"] == "ops-daily")
    daily["schedules"][0]["cron"], daily["tags"] = "0 5 * * *", ["later"]
    file.write_text(yaml.safe_dump(content))
    mended = what(register(read_wanted(file)).mended)
    assert sorted(mended) == [("ops-daily", "schedule ops-daily-0300"), ("ops-daily", "tags")]
    (schedule,) = deployment("ops-daily").schedules
    assert (schedule.schedule.cron, schedule.active) == ("0 5 * * *", False)


@pytest.mark.row("D001-25")
def test_a_schedule_that_left_the_file_is_deleted_and_one_made_by_hand_too(registered, file):
    with get_client(sync_client=True) as client:
        held = deployment("db-bootstrap")
        body = [{"schedule": {"cron": "1 1 * * *", "timezone": "UTC"}, "active": True}]
        path = {"id": held.id}
        client.request("POST", "/deployments/{id}/schedules", path_params=path, json=body).raise_for_status()
    content = yaml.safe_load(file.read_text())
    for one in content["deployments"]:
        one.pop("schedules", None)
    file.write_text(yaml.safe_dump(content))
    wanted = read_wanted(file)
    found = read_drift(wanted)
    assert ("ops-daily", "schedule ops-daily-0300") in what(found)
    assert len(found) == 2
    assert {one.wanted for one in found} == {ABSENT}
    register(wanted)
    assert deployment("ops-daily").schedules == deployment("db-bootstrap").schedules == []
    assert read_drift(wanted) == []


def test_a_deployment_that_left_the_file_is_reported_and_deleted_only_when_asked(registered):
    kept = [one for one in registered if one.name == "ops-daily"]
    assert what(read_drift(kept)) == [("db-bootstrap", "deployment")]
    assert what(register(kept).strangers) == [("db-bootstrap", "deployment")]
    assert deployment("db-bootstrap")
    assert what(register(kept, prune=True).mended) == [("db-bootstrap", "deployment")]
    assert read_drift(kept) == []
