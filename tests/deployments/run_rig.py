"""A Prefect server, a worker and a warm engine of their own in one folder, to start real deployment runs."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parents[2]
POOL = "rig"
WARM = f"{sys.executable} -S -E -m deployments.engine_client"
COLD = f"{sys.executable} -m prefect.engine"


@dataclass
class Rig:
    """Starts and ends its processes by their own handles; nothing outside `folder` is touched."""

    folder: Path
    port: int
    children: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._api = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/", timeout=60)

    @property
    def address(self) -> Path:
        return self.folder / "engine.sock"

    @property
    def api(self) -> httpx.Client:
        return self._api

    def post(self, path: str, **body: Any) -> Any:
        """The answer to a POST; a server on SQLite says 503 when it is busy, and Prefect's clients ask again too."""
        for _ in range(20):
            answer = self.api.post(path, json=body)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(0.2)
        answer.raise_for_status()
        return answer.json()

    @property
    def environment(self) -> dict[str, str]:
        settings = dotenv_values(ROOT / "deployments" / "prefect.server.env", interpolate=False)
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            **{name: value for name, value in settings.items() if value is not None},
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "WATCHKEEPER_ENGINE_SOCKET": str(self.address),
            "RIG_REPORTS": str(self.folder),
            **self.settings,
        }

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                env=self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def end(self, name: str) -> None:
        child = self.children.pop(name)
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def kill(self, name: str) -> None:
        """SIGKILL for the process and nobody else: what it started lives on, as after an OOM kill."""
        child = self.children.pop(name)
        child.kill()
        child.wait()

    def start_server(self) -> None:
        self.start("server", "prefect", "server", "start")

    def start_engine(self) -> None:
        self.start("engine", "deployments.engine_server")
        await_true(self.address.exists, 60)

    def start_worker(self) -> None:
        self.start("worker", "prefect", "worker", "start", "--type", "process", "--pool", POOL)

    def await_server(self) -> None:
        await_true(lambda: _answers(self), 120)

    def said_by(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def deploy(self, name: str, command: str, entrypoint: str, **more: Any) -> str:
        """A deployment that runs `command` in the repository; its id."""
        flow = self.post("flows/", name=entrypoint.rsplit(":", 1)[-1].replace("_", "-"))["id"]
        body = {
            "name": name,
            "flow_id": flow,
            "entrypoint": entrypoint,
            "work_pool_name": POOL,
            "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
            "job_variables": {"command": command, "working_dir": str(ROOT)},
            **more,
        }
        return str(self.post("deployments/", **body)["id"])

    def run(self, deployment: str) -> str:
        return str(self.post(f"deployments/{deployment}/create_flow_run")["id"])

    def state(self, run: str) -> str:
        return str(self.api.get(f"flow_runs/{run}").json()["state"]["type"])

    def await_state(self, run: str, *wanted: str, seconds: float = 90) -> str:
        await_true(lambda: self.state(run) in wanted, seconds)
        return self.state(run)

    def history(self, run: str) -> list[dict[str, Any]]:
        states: list[dict[str, Any]] = self.api.get("flow_run_states/", params={"flow_run_id": run}).json()
        return sorted(states, key=lambda state: str(state["timestamp"]))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_true(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:g} s")
        time.sleep(0.05)


def _answers(rig: Rig) -> bool:
    try:
        return rig.api.get("health").is_success
    except httpx.TransportError:
        return False


def _has_worker(rig: Rig) -> bool:
    found = rig.api.post(f"work_pools/{POOL}/workers/filter", json={})
    return found.is_success and bool(found.json())


@contextmanager
def running_rig(folder: Path, port: int, **settings: str) -> Iterator[Rig]:
    """Server, engine and worker, up and ready; `settings` are variables of all of them."""
    rig = Rig(folder, port, settings=settings)
    try:
        rig.start_server()
        rig.start_engine()
        rig.await_server()
        rig.start_worker()
        await_true(lambda: _has_worker(rig), 60)
        yield rig
    finally:
        for name in [name for name in ("worker", "engine", "server") if name in rig.children]:
            rig.end(name)
