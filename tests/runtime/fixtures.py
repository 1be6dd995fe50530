"""The fixture `runtime`: one server for the session, a freshly booted runtime for every test, named by settings."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.gitea.faults import Trouble
from tests.runtime.orders import route
from tests.runtime.serve import PATHS
from tests.runtime.server import Seen, Server, running_runtime
from tests.runtime.world import API_TOKEN, APPROVE_TOKEN, World

CLIENT = httpx.Client(trust_env=False, timeout=20)
ROOT = Path(__file__).parents[2]


@dataclass
class Runtime:
    """One test's runtime: booted just now, in HOLD and safe mode, with no market data unless `warm_up` is called."""

    server: Server
    metrics_path: Path

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def world(self) -> World:
        return self.server.world

    @property
    def seen(self) -> list[Seen]:
        return self.server.seen

    @property
    def writes(self) -> list[Seen]:
        """The requests that could have changed something, the question that acts among them."""
        acting = ("overview", "components", "slo", "system_status")
        return [one for one in self.seen if one.method != "GET" or one.path.rsplit("/", 1)[-1] in acting]

    def boot(self, **environ: str) -> World:
        """Start it anew with these variables; METRICS_PATH stays."""
        return self.server.fresh(**{"METRICS_PATH": str(self.metrics_path), **environ})

    def live(self) -> World:
        """A runtime that trades: RUN, no hold, no safe mode, all signals good."""
        world = self.world.warm_up()
        world.control.mode, world.control.safe_mode = "RUN", False
        world.safety.hold_active, world.safety.hold_reason, world.safety.hold_source = False, None, None
        world.environ["SAFE_MODE"] = "0"
        return world

    def order(self, count: int = 1, **how: float | str) -> list[dict[str, object]]:
        """So many orders through the router; the textfile is written after each."""
        return [route(self.world, **how) for _ in range(count)]  # type: ignore[arg-type]

    def trouble(self, path: str, **what: object) -> Trouble:
        """Let the next requests go wrong (see `tests.gitea.faults.Trouble`)."""
        one = Trouble(path, **what)  # type: ignore[arg-type]
        self.server.troubles.append(one)
        return one

    def ask(self, method: str, path: str, token: str | None = API_TOKEN, **more) -> httpx.Response:
        """A plain request, as the holder of API_TOKEN unless told."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return CLIENT.request(method, f"{self.url}{path}", headers=headers | more.pop("headers", {}), **more)


@pytest.fixture(scope="session")
def runtime_server() -> Iterator[Server]:
    with running_runtime() as server:
        yield server


@pytest.fixture
def runtime(runtime_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runtime:
    """A paper runtime as it is right after its start, and the settings that lead to it."""
    stand_in = Runtime(runtime_server, tmp_path / "runtime-metrics" / "metrics.prom")
    stand_in.boot()
    monkeypatch.setenv("RUNTIME_URL", stand_in.url)
    monkeypatch.setenv("RUNTIME_API_TOKEN", API_TOKEN)
    monkeypatch.setenv("RUNTIME_APPROVE_TOKEN", APPROVE_TOKEN)
    monkeypatch.setenv("RUNTIME_METRICS_PATH", str(stand_in.metrics_path))
    return stand_in


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def runtime_paths(folder: Path) -> dict[str, str]:
    """The files that it does not start without."""
    return {name: str(folder / f"{name.lower()}.json") for name in PATHS}


@contextmanager
def runtime_process(folder: Path, port: int | None = None, **environ: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The stand-in as a process that listens already; killed when the block is left."""
    port = port or free_port()
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "RUNTIME_PORT": str(port), "API_TOKEN": API_TOKEN}
    variables |= {"APPROVE_TOKEN": APPROVE_TOKEN, **runtime_paths(folder), **environ}
    command = [sys.executable, "-m", "tests.runtime.serve"]
    process = subprocess.Popen(command, cwd=folder, env=variables, start_new_session=True)
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until and process.poll() is None:
            try:
                CLIENT.get(f"http://127.0.0.1:{port}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()
