"""The procedure over services and databases (runbook 003, Health checks; Incident Playbook 1)."""

import json
import sqlite3
import threading
from contextlib import closing, contextmanager

import psycopg
import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

from deployments.wanted import read_file
from flows.services.service_health import service_health
from tasks.rules.services.health import VARIABLES
from tests.by_hand import lines_of
from tests.service_databases import bring_up
from tests.services.raw_server import raw_server
from tests.webhook_server import webhook_server

NOT_SET = "ORKET_API_URL,ORKET_WEBHOOK_URL,ORKET_RUNTIME_DB,ORKET_WEBHOOK_DB"


def answering(**body):
    text = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)


@pytest.fixture
def settings(monkeypatch):
    """Sets what is watched; what is not named is not set."""

    def put(**places):
        for target, variable in VARIABLES.items():
            monkeypatch.delenv(variable, raising=False)
            if target in places:
                monkeypatch.setenv(variable, str(places[target]))

    put()
    return put


def said(**options):
    return lines_of(service_health, **{"second_look_s": 0, **options})


@pytest.mark.row("P003-424")
def test_without_settings_it_is_not_configured_and_no_failure(settings, prefect_server, capsys):
    assert service_health(return_state=True).name == "NotConfigured"
    assert capsys.readouterr().out == (f"service_health status=not_configured reason=nothing_watched env={NOT_SET}\n")


@pytest.mark.row("P003-420", "P003-421", "P003-424")
def test_what_is_set_is_watched_and_each_has_its_line(settings, tmp_path):
    bring_up(tmp_path / "r.db")
    with raw_server(answering(status="ok", organization="Orket")) as port:
        settings(api=f"http://127.0.0.1:{port}/", runtime_db=tmp_path / "r.db")
        api, database, last = said(min_free_mb=0)
    assert api.startswith("service_health_part status=healthy target=api http=200 said=ok latency_ms=")
    assert database.startswith("service_health_part status=healthy target=runtime_db free_mb=")
    assert database.endswith(" checked=true")
    assert last == "service_health status=healthy watched=2 unwatched=webhook,webhook_db"


@pytest.mark.row("P003-422", "W003-400")
def test_everything_that_is_bad_is_said_and_nothing_hides_the_rest(settings, tmp_path):
    bring_up(tmp_path / "r.db")
    with (
        raw_server(answering(status="degraded")) as port,
        closing(sqlite3.connect(tmp_path / "r.db", isolation_level=None)) as service,
    ):
        service.execute("BEGIN IMMEDIATE")
        settings(
            api=f"http://127.0.0.1:{port}",
            webhook="http://u:p@127.0.0.1",
            runtime_db=tmp_path / "r.db",
            webhook_db=tmp_path / "typo.db",
        )
        lines = said(min_free_mb=1_000_000)
    heads = [line.removeprefix("service_health_part status=unhealthy reason=") for line in lines[:4]]
    assert [head.split(" latency")[0].split(" sqlite")[0].split(" free_mb")[0] for head in heads] == [
        "status_not_ok target=api http=200 said=degraded",
        "invalid_url target=webhook",
        "database_locked target=runtime_db reasons=database_locked,disk_low",
        "database_missing target=webhook_db reasons=database_missing,disk_low",
    ]
    assert lines[4] == (
        "service_health status=unhealthy reason=status_not_ok"
        " reasons=status_not_ok,invalid_url,database_locked,disk_low,database_missing"
        " bad=api,webhook,runtime_db,webhook_db watched=4"
    )


@pytest.mark.row("P003-422")
def test_what_is_well_at_the_second_look_is_healthy(settings, tmp_path, monkeypatch):
    bring_up(tmp_path / "r.db")
    (tmp_path / "r.db").rename(tmp_path / "away.db")
    settings(runtime_db=tmp_path / "r.db")
    assert "status=unhealthy" in said()[-1]
    timer = threading.Timer(0.5, (tmp_path / "away.db").rename, [tmp_path / "r.db"])
    timer.start()
    assert said(second_look_s=2, min_free_mb=0)[-1].startswith("service_health status=healthy")
    timer.join()


@pytest.mark.row("P003-423", "P003-426")
def test_one_alert_opens_the_incident_one_triage_starts_and_one_alert_is_the_recovery(
    settings, prefect_server, operations_database, monkeypatch, capsys
):
    with _triage_deployed() as deployment, webhook_server() as people, raw_server(answering(status="ok")) as port:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", people.url)
        settings(api="http://127.0.0.1:9")
        for _ in range(3):
            assert service_health(second_look_s=0, return_state=True).is_failed()
        assert _triages(deployment) == [({"playbook": "api_5xx"}, ["started-by-service-health"])]
        settings(api=f"http://127.0.0.1:{port}")
        for _ in range(2):
            assert service_health(second_look_s=0, return_state=True).is_completed()
    opening, closing_text = people.texts
    assert opening.startswith("service_health status=unhealthy reason=service_unreachable bad=api")
    assert closing_text.startswith("service_health status=healthy")
    with psycopg.connect(operations_database) as conn:
        rows = conn.execute("SELECT procedure, failures, closed_at IS NOT NULL FROM incidents").fetchall()
    assert rows == [("service-health", 3, True)]


@contextmanager
def _triage_deployed():
    @flow(name="incident-triage")
    def incident_triage(playbook: str) -> None:
        """Stands where the triage is deployed; nobody runs it here."""

    with get_client(sync_client=True) as client:
        flow_id = client.create_flow(incident_triage)
        deployment = client.create_deployment(flow_id, "incident-triage", enforce_parameter_schema=False)
        yield deployment
        client.request("DELETE", "/deployments/{id}", path_params={"id": deployment}).raise_for_status()


def _triages(deployment):
    with get_client(sync_client=True) as client:
        ours = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
        runs = client.read_flow_runs(deployment_filter=ours)
    return [(run.parameters, run.tags) for run in runs]


@pytest.mark.row("P003-423")
def test_it_is_deployed_every_five_minutes_and_a_dead_check_holds_no_slot():
    (one,) = (one for one in read_file().deployments if one.name == "service-health")
    (schedule,) = one.schedules
    assert (schedule.cron, schedule.timezone, one.concurrency_limit) == ("*/5 * * * *", "UTC", None)


@pytest.mark.row("P003-410")
def test_the_button_of_the_migrations_shows_the_plan():
    (one,) = (one for one in read_file().deployments if one.name == "run-migrations")
    assert one.parameters == {"dry_run": True}
    assert not one.schedules
