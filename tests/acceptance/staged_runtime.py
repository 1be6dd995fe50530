"""A declared runtime with an env file for each stage, people who may sign, and good evidence of every gate.

It is the stand-in as a process of its own, which swallows SIGTERM: the promotions of the stack start it anew.
"""

import hashlib
import os
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from dotenv import dotenv_values

from tasks import operations
from tasks.rules.guard.promotion import Stage
from tasks.rules.services.declaration import services_of
from tasks.services import commands
from tasks.services.processes import end_family
from tests.flows.test_live_promotion import FAST, STAGES
from tests.people import App
from tests.promotions import all_good, remember
from tests.runtime.fixtures import free_port, runtime_paths
from tests.runtime.world import API_TOKEN, APPROVE_TOKEN
from tests.stack import ROOT, Stack


class StagedRuntime:
    """Where it lies and answers; `promotion.toml`, `services.toml` and `<stage>.env` are in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"PYTHONPATH": str(ROOT), "RUNTIME_PORT": str(self.port), "SIM_WARM": "1"}
        own |= {"API_TOKEN": API_TOKEN, "APPROVE_TOKEN": APPROVE_TOKEN, **FAST, **runtime_paths(folder / "data")}
        for stage, variables in STAGES.items():
            lines = (f"{name}={value}\n" for name, value in {**own, **variables}.items())
            (folder / f"{stage}.env").write_text("".join(lines))
            (folder / f"{stage}.env").chmod(0o600)
        (folder / "runtime.env").symlink_to("paper.env")
        (folder / "services.toml").write_text(
            f'[[service]]\nname = "runtime"\nport = {self.port}\nhealth = "{self.url}/healthz"\n'
            f'start = ["{sys.executable}", "-m", "tests.runtime.serve"]\nenv_file = "runtime.env"\n'
            f"health_timeout_s = 60\nstop_grace_s = 1\n"
        )

    @property
    def place(self) -> commands.Place:
        document = tomllib.loads((self.folder / "services.toml").read_text())
        return commands.Place(services_of(document)["runtime"], self.folder)

    def start(self) -> None:
        commands.await_health.fn(self.place, commands.start_service.fn(self.place))

    def end(self) -> None:
        if started := commands.remembered(self.place):
            end_family(started, 0.1)

    @property
    def stands(self) -> str:
        """Profile, mode and guard in words, for example `testnet HOLD safe test_only`."""
        full = self._says("status/full")
        router, canary = full["router"], "-canary" if full["config"]["router"]["canary_mode"] else ""
        safe = "safe" if router["safe_mode"] else "unsafe"
        return f"{router['profile']}{canary} {router['mode']} {safe} {self._says('live-guard')['state']}"

    def _says(self, path: str) -> Any:
        return httpx.get(f"{self.url}/api/ui/{path}", trust_env=False).json()

    def is_good_for(self, stage: str) -> None:
        """Every gate of that stage has its evidence, and what was started or promoted was so three hours ago."""
        begun = time.time() - 3 * 3600
        os.utime(self.place.own / "started.json", (begun, begun))
        all_good(stage, self.folder)
        file = hashlib.sha256((self.folder / f"{stage}.env").read_bytes()).hexdigest()
        remember("env-check", hours=0.5, profile=Stage(stage).category, file=file, compared=True)

    def change(self, **facts: object) -> None:
        httpx.post(f"{self.url}/sim/set", json=facts, trust_env=False).raise_for_status()


@contextmanager
def staged_runtime(stack: Stack, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[StagedRuntime]:
    """A runtime in paper, and what every stage above asks for, in the stack's operations database."""
    env = dotenv_values(stack.folder / ".watchkeeper" / "env")
    for name in ("WATCHKEEPER_DSN", "WATCHKEEPER_APPROVAL_KEY"):
        patch.setenv(name, str(env[name]))
    runtime = StagedRuntime(folder)
    canary = f"/deployments/{stack.deployment('canary')}"
    stack.api("POST", f"{canary}/pause_deployment")  # its own looks, every five minutes, would be newer evidence
    runtime.start()
    try:
        yield runtime
    finally:
        runtime.end()
        stack.api("POST", f"{canary}/resume_deployment")
        operations._engine(str(env["WATCHKEEPER_DSN"])).dispose()


def enrolled(*names: str) -> list[App]:
    first, *others = [App(name) for name in names]
    return [first.enrolled(), *(one.enrolled(by=first.name) for one in others)]
