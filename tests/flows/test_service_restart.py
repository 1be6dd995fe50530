"""Runbook 003, Start/Stop: real processes, ended and started for real."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from flows.services.service_restart import service_restart
from tasks.procedure import part
from tasks.rules.faults import Refused
from tasks.rules.outcome import Status
from tasks.rules.services.declaration import services_of
from tasks.services import commands
from tasks.services.processes import MARK, Started, end_family, family_of
from tasks.step import without_server
from tests.services.others import ended, somebody_else
from tests.services.running import free_port

LITTLE = str(Path(__file__).parents[1] / "services" / "little_service.py")
ROOT = Path(__file__).parents[2]


class Declared:
    """One declared service in a folder of its own; whatever it started is ended with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.says()

    def says(self, odd: str = "", *, stop: str = "", timeout_s: int = 20, more: str = "") -> None:
        (self.folder / ".env").write_text(f"ODD={odd}\nAPI_TOKEN=correct-horse-battery\n{more}\n")
        (self.folder / "services.toml").write_text(
            f'[[service]]\nname = "api"\nport = {self.port}\nhealth = "http://127.0.0.1:{self.port}/health"\n'
            f'start = ["{sys.executable}", "{LITTLE}", "{self.port}"]\n{stop}\nenv_file = ".env"\n'
            f"health_timeout_s = {timeout_s}\nstop_grace_s = 1\n"
        )

    @property
    def place(self) -> commands.Place:
        service = services_of(_toml(self.folder / "services.toml"))["api"]
        return commands.Place(service, self.folder)

    def restart(self, service: str = "api"):
        with without_server():
            return part(service_restart, service=service, config=str(self.folder / "services.toml"))

    def answers(self) -> int:
        return int(httpx.get(f"http://127.0.0.1:{self.port}/health").json()["pid"])

    def family(self) -> set[int]:
        return {process.pid for process in family_of(commands.remembered(self.place))}

    def log(self) -> str:
        file = self.place.own / "service.log"
        return file.read_text() if file.exists() else ""


def _toml(path: Path):
    import tomllib

    return tomllib.loads(path.read_text())


@pytest.fixture
def api(tmp_path):
    declared = Declared(tmp_path)
    yield declared
    if started := commands.remembered(declared.place):
        end_family(started, 0.1)


@pytest.mark.row("P003-450", "P003-452")
def test_a_restart_ends_the_old_process_and_the_one_that_answers_is_the_one_that_was_started(api):
    first = api.restart()
    old = api.answers()
    assert (first.status, first.fields["stopped"], first.fields["pid"]) == (Status.OK, "none", old)
    second = api.restart()
    assert (second.status, second.fields["stopped"]) == (Status.OK, "asked")
    assert second.fields["pid"] == api.answers() != old
    assert not psutil.pid_exists(old) or psutil.Process(old).status() == psutil.STATUS_ZOMBIE


@pytest.mark.row("P003-451")
def test_one_that_ignores_sigterm_is_killed_after_its_grace(api):
    api.says("ignores_term")
    api.restart()
    old = api.answers()
    again = api.restart()
    assert (again.status, again.fields["stopped"]) == (Status.OK, "killed")
    assert again.fields["stop_s"] >= 1
    assert api.answers() != old


@pytest.mark.row("P002-458")
def test_who_is_over_and_was_not_looked_at_by_its_parent_is_not_waited_for():
    parent = (
        "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(900)'],"
        f" env={{'{MARK}': 'no-reaper'}}); time.sleep(900)"
    )
    began = time.monotonic()
    with ended(subprocess.Popen([sys.executable, "-c", parent])):
        while not family_of(Started("no-reaper")):
            assert time.monotonic() - began < 60
            time.sleep(0.01)
        assert end_family(Started("no-reaper"), 300) == "asked"
    assert time.monotonic() - began < 200


@pytest.mark.row("P003-451")
def test_a_detached_child_is_found_by_its_mark_and_ended(api):
    api.says("forks")
    assert api.restart().status is Status.OK
    old, first = api.answers(), commands.remembered(api.place)
    assert first
    assert old != first.pid
    api.says()
    assert api.restart().fields["stopped"] == "asked"
    assert api.answers() != old


@pytest.mark.row("P003-453")
def test_a_port_that_somebody_else_holds_is_named_and_nobody_is_ended(api):
    with somebody_else(LITTLE, api.port) as other:
        _until_it_answers(api)
        refused = api.restart()
        assert (refused.status, refused.reason, refused.fields["pid"]) == (Status.FAIL, "port_taken", other.pid)
        assert other.poll() is None
        assert api.family() == set()


@pytest.mark.row("P003-453")
def test_with_a_stop_command_of_its_own_a_service_that_somebody_else_started_is_taken_over(api):
    with somebody_else(LITTLE, api.port) as other:
        _until_it_answers(api)
        api.says(stop=f'stop = ["/bin/kill", "{other.pid}"]')
        done = api.restart()
        assert (done.status, done.fields["stopped"]) == (Status.OK, "command")
        assert api.answers() == done.fields["pid"] != other.pid


def test_a_stop_command_that_does_nothing_is_followed_by_signals(api):
    api.says(stop='stop = ["true"]')
    api.restart()
    assert api.restart().fields["stopped"] == "asked"


@pytest.mark.row("P003-452")
def test_a_good_answer_of_somebody_else_is_no_answer_of_the_service(api):
    api.says(more="SLOW=60")
    with commands.alone_with(api.place):
        started = commands.start_service.fn(api.place)
        with somebody_else(LITTLE, api.port), pytest.raises(Refused, match="port_taken"):
            commands.await_health.fn(api.place, started)


@pytest.mark.row("P003-454", "D003-450")
@pytest.mark.parametrize(
    ("odd", "reason"), [("ends", "ended_early"), ("unhealthy", "health_timeout"), ("other_body", "health_timeout")]
)
def test_a_service_that_does_not_become_healthy_is_a_failure_with_its_log(api, odd, reason):
    api.says(odd, timeout_s=2)
    failed = api.restart()
    assert (failed.status, failed.reason, failed.fields["log"]) == (Status.FAIL, reason, "service.log")
    api.says()
    assert api.restart().status is Status.OK


@pytest.mark.row("D003-450")
def test_a_body_without_an_end_is_no_good_answer(api):
    api.says("endless", timeout_s=1)
    assert api.restart().reason == "health_timeout"


@pytest.mark.row("P003-455", "P003-456")
def test_its_variables_come_from_its_env_file_alone_and_its_log_has_no_secret(api, monkeypatch):
    monkeypatch.setenv("POSTGRES_DSN_PROD", "postgresql://u:p@h/d")
    api.restart()
    _until(lambda: "here" in api.log())
    assert "POSTGRES_DSN_PROD" not in api.log()
    assert "API_TOKEN" in api.log()
    assert "correct-horse" not in api.log()
    arguments = psutil.Process(api.answers()).cmdline()
    assert not any("correct-horse" in word for word in arguments)


@pytest.mark.row("P003-456")
def test_the_log_is_kept_over_restarts_and_never_grows_beyond_its_files(tmp_path, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "correct-horse-battery")
    command = [sys.executable, "-m", "tasks.services.log_keeper", str(tmp_path / "service.log")]
    lines = "\n".join(f"{number} correct-horse-battery " + "x" * 4000 for number in range(5000))
    subprocess.run(command, cwd=ROOT, input=lines.encode(), check=True, timeout=120)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["service.log", "service.log.1", "service.log.2"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3 * (4 << 20)
    assert (tmp_path / "service.log").read_text().splitlines()[-1].startswith("4999 ")
    assert not any("correct-horse" in path.read_text() for path in tmp_path.iterdir())


@pytest.mark.row("D003-451")
@pytest.mark.parametrize("moment", ["before_the_process", "after_the_process", "while_it_waits"])
def test_a_run_killed_at_any_point_is_finished_by_the_next(api, moment):
    program = (
        "import os, signal; from pathlib import Path; from tasks.services import commands;"
        "from flows.services.service_restart import service_restart; from tasks.step import without_server;"
        "from tasks.procedure import part;"
        "end = lambda *_: os.kill(os.getpid(), signal.SIGKILL);"
        f"moment = '{moment}'; launch = commands._launch;"
        "commands._launch = end if moment == 'before_the_process' else"
        " (lambda *a: (launch(*a), end())) if moment == 'after_the_process' else launch;"
        "commands.healthy_after_ms = end;"
        f"context = without_server(); context.__enter__();"
        f"part(service_restart, service='api', config='{api.folder}/services.toml')"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    left = api.family()
    assert bool(left) == (moment != "before_the_process")
    done = api.restart()
    assert (done.status, done.fields["stopped"]) == (Status.OK, "asked" if left else "none")
    assert not api.family() & left


def test_a_pid_that_belongs_to_somebody_else_by_now_is_left_alone(api):
    with ended(subprocess.Popen(["sleep", "60"])) as other:
        api.place.own.mkdir(parents=True)
        commands._remember(api.place, Started("gone", other.pid, time.time() - 3600))
        assert api.restart().fields["stopped"] == "none"
        assert other.poll() is None


def test_what_is_remembered_of_a_start_is_never_taken_for_nothing(api):
    api.place.own.mkdir(parents=True)
    (api.place.own / "started.json").write_text("[]")
    assert api.restart().reason == "memory_invalid"
    (api.place.own / "started.json").unlink()


@pytest.mark.row("P003-457")
def test_without_a_declaration_it_says_so_and_does_nothing(api):
    (api.folder / "services.toml").unlink()
    said = api.restart()
    api.says()
    assert (said.status, said.reason, said.exit_code) == (Status.NOT_CONFIGURED, "no_declaration", 0)


@pytest.mark.row("P003-457")
def test_a_service_nobody_declared_and_an_env_file_that_is_not_there_are_refused(api):
    assert api.restart("other").reason == "unknown_service"
    (api.folder / ".env").unlink()
    assert api.restart().reason == "env_file_missing"
    api.says()


def test_two_at_once_never_work_on_one_service(api):
    with commands.alone_with(api.place):
        assert api.restart().reason == "lock_held"


def test_a_start_that_is_no_program_is_a_failure_of_its_own(api):
    text = (api.folder / "services.toml").read_text()
    (api.folder / "services.toml").write_text(text.replace(sys.executable, "no-such-program"))
    assert api.restart().reason == "not_started"


@pytest.mark.usefixtures("prefect_server")
def test_the_flow_runs_through_a_server_too(api, capsys):
    state = service_restart(service="api", config=str(api.folder / "services.toml"), return_state=True)
    assert state.is_completed()
    assert capsys.readouterr().out.startswith("service_restart status=ok service=api stopped=none stop_s=")


def test_no_process_of_these_tests_bears_our_own_mark():
    assert MARK not in os.environ


def _until(met) -> None:
    deadline = time.monotonic() + 20
    while not met() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert met()


def _until_it_answers(api) -> None:
    def answers() -> bool:
        try:
            return bool(api.answers())
        except httpx.HTTPError:
            return False

    _until(answers)
