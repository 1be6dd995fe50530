"""A place where releases of the stand-in lie: folders, a link, a declaration, and a process.

A release is a folder with a `start.py`. Its kind says how it behaves: `good`, `ends` (never comes up), `cold` (never
gets ready), `odd` (says nothing of its state), `unheld` (runs from its start, and a hold changes nothing); `cuts` and
`cuts-cold` take the operations database away when they start.
"""

import hashlib
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.guard.release_deploy import release_deploy
from flows.guard.rollback import rollback
from flows.services.service_restart import service_restart
from tasks.procedure import part
from tasks.rules.outcome import Outcome
from tasks.rules.services.declaration import services_of
from tasks.services import commands
from tasks.services.processes import end_family, holders_of
from tasks.step import without_server
from tests.runtime.fixtures import free_port, runtime_paths
from tests.runtime.world import API_TOKEN, APPROVE_TOKEN

ROOT = Path(__file__).parents[2]
_START = """import os, runpy, sys
os.environ["RUNTIME_RELEASE"] = {name!r}
{kind}
runpy.run_module("tests.runtime.serve", run_name="__main__")
"""
_COLD = 'os.environ["SIM_WARM"] = "0"'
_CUT = """import psycopg
with psycopg.connect(os.environ["CUT_BY"], autocommit=True) as admin:
    admin.execute(f"ALTER DATABASE {os.environ['CUT']} WITH ALLOW_CONNECTIONS false")
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [os.environ["CUT"]])
"""
_KINDS = {
    "good": "",
    "ends": "sys.exit(1)",
    "odd": (
        "from tests.gitea.replies import as_json\n"
        "from tests.runtime import views\n"
        "views.status_full = lambda asked: as_json(200, {'router': 'gone'})"
    ),
    "unheld": (
        "from tests.runtime import acts, world\n"
        "world.Safety.__init__.__defaults__ = (False, *world.Safety.__init__.__defaults__[1:])\n"
        "world.World.hold = lambda *_: None"
    ),
    "cold": _COLD,
    "cuts": _CUT,
    "cuts-cold": _CUT + _COLD,
}


def program(name: str, kind: str = "good") -> str:
    """The `start.py` of a release of that name and kind."""
    return _START.format(name=name, kind=_KINDS[kind])


class Site:
    """Releases and their runtime in a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        variables = {
            "PYTHONPATH": str(ROOT),
            "RUNTIME_PORT": str(self.port),
            "API_TOKEN": API_TOKEN,
            "APPROVE_TOKEN": APPROVE_TOKEN,
            **runtime_paths(folder / "runtime"),
            "SIM_WARM": "1",
            "SIM_OBEYS_SIGTERM": "1",
            "METRICS_PATH": str(folder / "data" / "metrics.prom"),
        }
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        (folder / "data").mkdir()
        (folder / "data" / "positions.json").write_text("[]")
        self.declares()

    def sets(self, **variables: str) -> None:
        """More lines of the env file; the last one of a name counts. SIM_OBEYS_SIGTERM="" is as recorded (W6)."""
        with (self.folder / ".env").open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in variables.items())

    def declares(self, more: str = "") -> None:
        (self.folder / "services.toml").write_text(
            f'[[service]]\nname = "runtime"\nport = {self.port}\nhealth = "{self.url}/healthz"\n'
            f'start = ["{sys.executable}", "current/start.py"]\nenv_file = ".env"\n'
            f"health_timeout_s = 40\nstop_grace_s = 1\n{more}"
        )

    def release(self, name: str, kind: str = "good") -> None:
        folder = self.folder / "releases" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "start.py").write_text(program(name, kind))

    def lead(self, name: str, kind: str = "good") -> None:
        """Put it in use by hand, whatever runs."""
        self.release(name, kind)
        (self.folder / "current").unlink(missing_ok=True)
        (self.folder / "current").symlink_to(f"releases/{name}")

    def deploy(self, name: str, kind: str = "good") -> None:
        """Put it in use by hand, and start it."""
        commands.stop_service.fn(self.place)
        self.lead(name, kind)
        commands.await_health.fn(self.place, commands.start_service.fn(self.place))

    @property
    def place(self) -> commands.Place:
        document = tomllib.loads((self.folder / "services.toml").read_text())
        return commands.Place(services_of(document)["runtime"], self.folder)

    def back(self, **how: object) -> Outcome:
        given = {"config": str(self.folder / "services.toml"), "execute": True, "ready_wait_s": 0, **how}
        with without_server():
            return part(rollback, **given)

    def put(self, name: str, **how: object) -> Outcome:
        given = {"config": str(self.folder / "services.toml"), "execute": True, "ready_wait_s": 0, **how}
        with without_server():
            return part(release_deploy, to=name, **given)

    def restart(self, **how: object) -> Outcome:
        given = {"config": str(self.folder / "services.toml"), "ready_wait_s": 0, **how}
        with without_server():
            return part(service_restart, service="runtime", **given)

    def untouched(self) -> dict[str, str]:
        """Everything that a rollback must leave as it is, by its digest."""
        ours = self.folder / ".watchkeeper"
        files = [path for path in self.folder.rglob("*") if path.is_file() and ours not in path.parents]
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if "__pycache__" not in path.parts
        }

    def pid(self) -> int | None:
        listeners = holders_of(self.port)
        return listeners[0].pid if listeners else None

    @property
    def leads_to(self) -> str:
        return str((self.folder / "current").readlink())

    def full(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.url}/api/ui/status/full", trust_env=False).json()
        return found

    def serves(self) -> str:
        """The release whose process answers."""
        return str(self.full()["config"]["runtime"]["extra"]["release"])

    def go_live(self) -> None:
        """RUN, without hold and safe mode."""
        ask = {"Authorization": f"Bearer {API_TOKEN}"}
        for path, body in (
            ("resume-request", {"reason": "shift"}),
            ("resume-confirm", {"token": APPROVE_TOKEN}),
        ):
            httpx.post(f"{self.url}/api/ui/{path}", json=body, headers=ask, trust_env=False).raise_for_status()
        httpx.patch(f"{self.url}/api/ui/control", json={"safe_mode": False}, headers=ask, trust_env=False)
        httpx.post(f"{self.url}/api/ui/resume", json={}, headers=ask, trust_env=False).raise_for_status()

    def end(self) -> None:
        if started := commands.remembered(self.place):
            end_family(started, 0.1)


@pytest.fixture
def site(operations_database, monkeypatch, tmp_path):
    found = Site(tmp_path)
    monkeypatch.setenv("RUNTIME_URL", found.url)
    monkeypatch.setenv("RUNTIME_API_TOKEN", API_TOKEN)
    monkeypatch.setenv("RUNTIME_METRICS_PATH", str(tmp_path / "data" / "metrics.prom"))
    yield found
    found.end()
