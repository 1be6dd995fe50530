"""The hooks of the rungs, called for real: an address, a deployment, the people on call."""

import pytest
from prefect.client.orchestration import get_client
from prefect.deployments.runner import RunnerDeployment

from tasks.rules.soak_hooks import done, failed
from tasks.soak_hooks import REHEARSED, call
from tasks.step import without_server
from tests.hook_server import running_control

ABOUT = {
    "action": "DISABLE_STRAT",
    "phase": "canary",
    "reason_code": "P95_SPIKE",
    "region": "eu-west-1",
    "slot": "2026-11-21T03:00:00Z",
    "soak": "s",
}
KEY = "soak-tick/s/canary/eu-west-1/2026-11-21T03:00:00Z"


@pytest.fixture
def control():
    with running_control() as control:
        yield control


@pytest.fixture
def hooks(tmp_path):
    def declare(**table):
        path = tmp_path / "soak.toml"
        lines = [f"{name} = {value!r}".replace("'", '"') for name, value in table.items()]
        path.write_text("\n".join(["[DISABLE_STRAT]", *lines]))
        return str(path)

    return declare


@pytest.mark.row("P004-303")
def test_an_address_gets_the_action_the_key_and_the_secret_of_the_environment(control, hooks, monkeypatch):
    monkeypatch.setenv("SOAK_CONTROL_TOKEN", "s3cret")
    file = hooks(do="http", url=control.url, header="X-Api-Key", header_env="SOAK_CONTROL_TOKEN")
    assert call(file, ABOUT, KEY) == ("http", done("called"))
    ((headers, body),) = control.calls
    assert (headers["Idempotency-Key"], headers["X-Api-Key"], body) == (KEY, "s3cret", ABOUT)


@pytest.mark.row("P004-303", "W004-303")
def test_an_address_that_fails_is_a_result_and_no_exception(control, hooks, monkeypatch):
    monkeypatch.delenv("SOAK_CONTROL_TOKEN", raising=False)
    file = hooks(do="http", url=control.url, timeout_s=0.3)
    control.status = 503
    assert call(file, ABOUT, KEY) == ("http", failed("http_503"))
    control.delay_s = 1.0
    assert call(file, ABOUT, KEY) == ("http", failed("no_answer_in_time"))
    assert call(hooks(do="http", url="http://127.0.0.1:9/"), ABOUT, KEY) == ("http", failed("not_reached"))
    file = hooks(do="http", url=control.url, header="X-Api-Key", header_env="SOAK_CONTROL_TOKEN")
    assert call(file, ABOUT, KEY) == ("http", failed("secret_missing"))


def test_a_file_of_hooks_that_is_broken_is_a_result_too(tmp_path):
    path = tmp_path / "soak.toml"
    for content in (b"[DISABLE_STRAT", b'[DISABLE_STRAT]\ndo = "explode"', b"\xff"):
        path.write_bytes(content)
        assert call(str(path), ABOUT, KEY) == ("announce", failed("hooks_invalid"))
    assert call(str(tmp_path), ABOUT, KEY) == ("announce", failed("hooks_invalid"))


@pytest.mark.row("P004-303")
def test_a_deployment_is_run_once_however_often_it_is_asked_for(prefect_server, hooks):
    RunnerDeployment.from_entrypoint("tests/tasks/soak_rollback.py:soak_rollback", name="rollback").apply()
    file = hooks(do="deployment", deployment="soak-rollback/rollback")
    assert call(file, ABOUT, KEY) == call(file, ABOUT, KEY) == ("deployment", done("run_created"))
    with get_client(sync_client=True) as client:
        runs = [run for run in client.read_flow_runs() if run.idempotency_key == KEY]
    assert len(runs) == 1
    assert call(hooks(do="deployment", deployment="no/such"), ABOUT, KEY) == (
        "deployment",
        failed("no_such_deployment"),
    )
    with without_server():
        assert call(file, ABOUT, KEY) == ("deployment", failed("orchestrator_unreachable"))


@pytest.mark.row("P004-303")
def test_the_people_on_call_are_told_the_rung_and_nothing_else(control, tmp_path, monkeypatch):
    absent = str(tmp_path / "none.toml")
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)
    assert call(absent, ABOUT, KEY) == ("announce", done("nobody_to_tell"))
    monkeypatch.setenv("WATCHKEEPER_ALERT_WEBHOOK_URL", control.url)
    assert call(absent, ABOUT, KEY) == ("announce", done("announced"))
    ((_, body),) = control.calls
    assert body == {
        "text": "event=soak_action phase=canary status=planned action=DISABLE_STRAT region=eu-west-1"
        " slot=2026-11-21T03:00:00Z soak=s reason_code=P95_SPIKE"
    }
    control.status = 400
    assert call(absent, ABOUT, KEY) == ("announce", failed("not_announced"))


def test_a_rehearsal_calls_nobody(control, hooks):
    hooks(do="http", url=control.url)
    assert call(REHEARSED, ABOUT, KEY) == ("announce", done("rehearsed"))
    assert control.calls == []
