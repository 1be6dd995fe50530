"""A machine with a docker command that keeps its state and runs real processes."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest

from flows.services.docker_deploy import docker_deploy
from tasks.procedure import part
from tasks.rules.services.declaration import services_of
from tasks.services.commands import Place
from tasks.step import without_server
from tests.services.running import free_port

SERVICES = Path(__file__).parent
NAME = "watchkeeper-api"


class Docker:
    """A fake daemon with one declared service."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home, self.port = folder, folder / "daemon", free_port()
        self.home.mkdir()
        (folder / ".env").write_text("API_TOKEN=correct-horse-battery\n")
        self.declares()
        self.dockerfile("v1")

    def declares(self, more: str = 'image = "orket:latest"', timeout_s: int = 10) -> None:
        (self.folder / "services.toml").write_text(
            f'[[service]]\nname = "api"\nport = {self.port}\nhealth = "http://127.0.0.1:{self.port}/health"\n{more}\n'
            f'env_file = ".env"\nhealth_timeout_s = {timeout_s}\nstop_grace_s = 1\n'
        )

    def dockerfile(self, version: str, odd: str = "", more: str = "") -> None:
        (self.folder / "Dockerfile").write_text(f"FROM scratch\n# {version}\nENV ODD={odd}\n{more}\n")

    @property
    def state(self):
        return json.loads((self.home / "state.json").read_text())

    @property
    def place(self) -> Place:
        services = services_of(tomllib.loads((self.folder / "services.toml").read_text()))
        return Place(services["api"], self.folder)

    def breaks(self, **commands: str) -> None:
        state = self.state if (self.home / "state.json").exists() else None
        state = state or {"images": {}, "tags": {}, "containers": {}, "asked": []}
        (self.home / "state.json").write_text(json.dumps(state | {"fail": commands}))

    def asks(self, *words: str) -> str:
        done = subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=30)
        return done.stdout.strip()

    def deploy(self, **options):
        with without_server():
            return part(docker_deploy, service="api", config=str(self.folder / "services.toml"), **options)

    def answers(self) -> bool:
        try:
            return bool(httpx.get(f"http://127.0.0.1:{self.port}/health").json()["status"] == "ok")
        except httpx.HTTPError:
            return False

    def log(self, kind: str) -> str:
        return sorted((self.folder / ".watchkeeper/services/api").glob(f"{kind}.*.log"))[-1].read_text()

    def running_image(self) -> str | None:
        found = self.state["containers"].values()
        return next((one["image"].removeprefix("sha256:")[:12] for one in found if one["name"] == NAME), None)


@pytest.fixture
def docker(tmp_path, monkeypatch):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "docker").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{SERVICES}/fake_docker.py" "$@"\n')
    (programs / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_DOCKER", str(tmp_path / "daemon"))
    daemon = Docker(tmp_path)
    yield daemon
    if (daemon.home / "state.json").exists():
        for one in daemon.state["containers"].values():
            if one["pid"]:
                os.kill(one["pid"], signal.SIGKILL)
