"""The warm engine seen from the worker: its client must behave like the run itself, whatever happens."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deployments import engine_client, engine_image

ROOT = Path(__file__).resolve().parents[2]
CLIENT = [sys.executable, "-S", "-E", "-m", "deployments.engine_client"]


def until(true: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether it became true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return true()


class PlainEngine:
    """A started engine that runs small commands, and clients of it."""

    def __init__(self, folder: Path) -> None:
        self.address = folder / "engine.sock"
        self.code = folder / "code"
        self.code.write_text("first")
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.deployments.plain_engine", str(self.address), str(self.code)],
                cwd=ROOT,
                env={**os.environ, "RUN_OF_THE_ENGINE": "must not be seen by a run"},
                stderr=log,
            )
        assert until(self.answers)

    def answers(self) -> bool:
        try:
            engine_client.connect(str(self.address)).close()
        except (OSError, engine_client.EngineUnavailable):
            return False
        return True

    def client(self, *arguments: str, **environ: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*CLIENT, *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "WATCHKEEPER_ENGINE_SOCKET": str(self.address), **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def waiting(self, command: str = "wait") -> "tuple[subprocess.Popen[str], list[int]]":
        """A client whose run waits, and the process ids that the run has said."""
        client = self.client(command)
        assert client.stdout is not None
        return client, [int(pid) for pid in client.stdout.readline().split()]

    def runs(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(15)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[PlainEngine]:
    started = PlainEngine(tmp_path)
    yield started
    started.end()


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_run_has_the_environment_folder_arguments_and_streams_of_its_client(engine):
    client = engine.client("show", "two words", RUN_ONE="1")
    out, err = client.communicate("typed in\n", timeout=10)
    assert out.splitlines() == [
        f"cwd {ROOT}",
        "argv ['show', 'two words']",
        "environ ['RUN_ONE']",
        "group True",
        f"umask {oct(engine_client.current_umask())}",
        "search True",
        "stdin typed in",
    ]
    assert (err, client.returncode) == ("said on stderr\n", 0)


def test_a_run_sees_nothing_of_the_environment_of_the_run_before(engine):
    engine.client("show", RUN_ONE="1").communicate("", timeout=10)
    out, _ = engine.client("show", RUN_TWO="2").communicate("", timeout=10)
    assert "environ ['RUN_TWO']" in out


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_the_exit_code_of_the_run_is_the_exit_code_of_the_client(engine, code):
    client = engine.client("exit", str(code))
    client.communicate(timeout=10)
    assert client.returncode == code


def test_a_run_that_raises_ends_alone_and_the_engine_serves_on(engine):
    client = engine.client("raise")
    _, err = client.communicate(timeout=10)
    assert client.returncode == 1
    assert err.endswith("RuntimeError: as asked\n")
    assert engine.answers()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_client_reaches_the_run_and_shows_in_the_client(engine, number):
    client, [run] = engine.waiting()
    client.send_signal(number)
    client.communicate(timeout=10)
    assert client.returncode == -number
    assert gone(run)


def test_an_interrupt_ends_the_run_as_an_interrupt(engine):
    client, _ = engine.waiting()
    client.send_signal(signal.SIGINT)
    _, err = client.communicate(timeout=10)
    assert client.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in err


def test_a_run_that_is_killed_shows_as_killed(engine):
    client, [run] = engine.waiting()
    os.kill(run, signal.SIGKILL)
    client.wait(10)
    assert client.returncode == -signal.SIGKILL
    assert engine.answers()


def test_a_client_that_is_killed_takes_the_run_and_its_children_along(engine):
    client, [child, run] = engine.waiting("wait-with-a-child")
    client.kill()
    client.wait(10)
    assert until(lambda: gone(run) and gone(child))
    assert until(lambda: engine.runs() == [])
    assert engine.answers()


def test_an_engine_that_is_killed_takes_its_runs_along_and_the_worker_sees_them_killed(engine):
    client, [run] = engine.waiting()
    engine.process.kill()
    client.wait(10)
    assert client.returncode == -signal.SIGKILL
    assert until(lambda: gone(run))


def test_an_engine_that_is_ended_ends_its_runs_and_removes_its_socket(engine):
    client, [run] = engine.waiting()
    engine.process.terminate()
    assert engine.process.wait(10) == 0
    client.wait(10)
    assert client.returncode == -signal.SIGTERM
    assert gone(run)
    assert not engine.address.exists()


def test_ended_runs_leave_no_zombies_and_no_descriptors(engine):
    before = psutil.Process(engine.process.pid).num_fds()
    clients = [engine.client("exit", "3") for _ in range(8)]
    assert [client.wait(20) for client in clients] == [3] * 8
    assert until(lambda: engine.runs() == [])
    assert (
        psutil.Process(engine.process.pid).num_fds() <= before
    )  # the question whether it answers may still have been open then


def test_a_client_that_says_nothing_or_nonsense_does_no_harm(engine):
    for said in (b"", b"\xff\xff\xff\xff", b"\0\0\0\2{}"):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(engine.address))
            client.sendall(said)
    assert engine.answers()


def test_only_its_user_may_open_the_socket(engine):
    assert engine.address.stat().st_mode & 0o777 == 0o600
    engine.address.chmod(0o666)
    with pytest.raises(engine_client.EngineUnavailable, match="open to other users"):
        engine_client.connect(str(engine.address))


def test_a_second_engine_refuses_to_take_the_socket_of_a_living_one(engine):
    second = subprocess.run(
        [sys.executable, "-m", "tests.deployments.plain_engine", str(engine.address), str(engine.code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 1
    assert "already listens" in second.stderr
    assert engine.answers()


def test_changed_code_is_never_run_from_the_old_image(engine):
    engine.code.write_text("second")
    with pytest.raises((engine_client.EngineUnavailable, OSError)):
        engine_client.connect(str(engine.address))
    assert until(engine.answers)
    assert psutil.Process(engine.process.pid).is_running()


def test_changed_code_lets_present_runs_finish_before_the_engine_starts_anew(engine):
    client, [run] = engine.waiting()
    engine.code.write_text("second")
    assert until(lambda: not engine.answers())
    assert not gone(run)
    client.send_signal(signal.SIGTERM)
    client.communicate(timeout=10)
    assert until(engine.answers)


def cold(**environ: str) -> "subprocess.CompletedProcess[str]":
    """A client for which Prefect's own engine is asked with a flow run id that it refuses."""
    return subprocess.run(
        [*CLIENT, "no-flow-run-id"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("address", "reason"),
    [("", "is not set"), ("nowhere/engine.sock", "No such file"), ("pyproject.toml", "not a socket")],
)
def test_without_an_engine_the_run_starts_cold_and_says_why(address, reason):
    ended = cold(WATCHKEEPER_ENGINE_SOCKET=address)
    first, rest = ended.stderr.split("\n", 1)
    assert first.startswith("watchkeeper: cold start, warm engine not used: ")
    assert reason in first
    assert "Invalid flow run id" in rest
    assert ended.returncode == 1


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A code folder of the fingerprint's own."""
    monkeypatch.setattr(engine_image, "ROOT", tmp_path)
    (tmp_path / "flows" / "__pycache__").mkdir(parents=True)
    (tmp_path / "flows" / "one.py").write_text("1")
    return tmp_path / "flows"


def test_an_edited_an_added_and_a_removed_file_each_make_the_image_stale(package):
    seen = [engine_image.fingerprint()]
    (package / "one.py").write_text("22")
    seen.append(engine_image.fingerprint())
    (package / "two.sql").write_text("2")
    seen.append(engine_image.fingerprint())
    (package / "two.sql").unlink()
    (package / "one.py").unlink()
    seen.append(engine_image.fingerprint())
    assert len(set(seen)) == 4


def test_what_python_compiles_on_the_way_does_not_make_the_image_stale(package):
    before = engine_image.fingerprint()
    (package / "__pycache__" / "one.cpython-311.pyc.12345").write_text("half written")
    assert engine_image.fingerprint() == before
