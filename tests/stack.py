"""A stack as `make up` starts it, in a folder of its own: server, warm engine, worker and embedded databases."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil

from tests.runtime.world import API_TOKEN, OPERATOR_B_TOKEN

ROOT = Path(__file__).resolve().parents[1]
CANARY = "postgresql://root:s3cr3t-canary@production.example/live"
_FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder outside pytest's own, which the next session that starts closes to PostgreSQL's system user."""
    folder = Path(tempfile.mkdtemp(prefix="watchkeeper-stack-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Stack:
    first_up: subprocess.CompletedProcess[str]

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder, self.port = folder, port or free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, module: str, *arguments: str, timeout: int = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """An operator's shell with a production database in it, which `make up` must not touch."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "WATCHKEEPER_"))
        }
        own = {"PYTHONPATH": str(ROOT), "WATCHKEEPER_PORT": str(self.port), "POSTGRES_DSN_PROD": CANARY}
        tokens = {"RUNTIME_API_TOKEN": API_TOKEN, "RUNTIME_SECOND_TOKEN": OPERATOR_B_TOKEN}
        return kept | own | tokens

    def by_hand(self, *arguments: str, module: str = "flows") -> str:
        """What `watchkeeper` (or another module) prints in a shell that has read `.watchkeeper/env`."""
        command = f'. .watchkeeper/env && exec "{sys.executable}" -m {module} {" ".join(arguments)}'
        ran = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    @property
    def children(self) -> dict[str, psutil.Process]:
        held = json.loads((self.folder / ".watchkeeper" / "stack.json").read_text())
        return {name: psutil.Process(child["pid"]) for name, child in held["children"].items()}

    def api(self, method: str, path: str, body: object = None) -> Any:
        answer = self.ask(method, path, body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """The answer whatever it is, refusals too; a server on SQLite says 503 when it is busy: ask again."""
        for _ in range(20):
            answer = httpx.request(method, f"{self.url}/api{path}", json=body, timeout=60)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(0.3)
        return answer

    def deployment(self, procedure: str) -> str:
        found: str = self.api("GET", f"/deployments/name/{procedure}/{procedure}")["id"]
        return found

    def start(self, procedure: str, parameters: dict[str, object], **options: object) -> httpx.Response:
        """Ask the API for a flow run, as another program would."""
        body = {"parameters": parameters, **options}
        return self.ask("POST", f"/deployments/{self.deployment(procedure)}/create_flow_run", body)

    def ended(self, run_id: str, within_s: float = 120) -> dict[str, Any]:
        """The run after its end."""
        deadline = time.monotonic() + within_s
        while True:
            run: dict[str, Any] = self.api("GET", f"/flow_runs/{UUID(run_id)}")
            if run["state_type"] in _FINAL:
                return run
            assert time.monotonic() < deadline, f"{run['name']} is still {run['state_name']}"
            time.sleep(0.3)

    def artifacts(self, run_id: str) -> dict[str, str]:
        """The numbers of the artifacts of a run, by key."""
        found = self.api("POST", "/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run_id]}}})
        return {artifact["key"]: artifact["id"] for artifact in found}
