"""The world that a soak runs in, where anything may die at any moment: PostgreSQL, Prefect's server, worker and runs.

Each process is started and ended by its own handle or number; nothing outside of the world's folder is touched.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from tasks import embedded
from tasks.local_stack import OPERATIONS_PLAN
from tasks.rules.faults import Fault
from tests.deployments.run_rig import ROOT, WARM, Rig, await_true, free_port, running_rig

START = datetime(2026, 11, 21, tzinfo=UTC)
_PATIENCE_S = 8.0  # a second run of the hour does no harm
_ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def stamped(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class World:
    """A soak on a scaled clock: each run of `soak-tick` is given its hour, the hours follow one another at once."""

    rig: Rig
    folder: Path
    chance: random.Random
    deployments: dict[str, str] = field(default_factory=dict)
    hits: dict[str, int] = field(default_factory=dict)
    runs: int = 0

    @property
    def journal(self) -> Path:
        return self.folder / "artifacts" / "SOAK_JOURNAL.jsonl"

    @property
    def home(self) -> Path:
        return self.folder / embedded.HOME

    @property
    def dsn(self) -> str:
        return self.rig.settings["WATCHKEEPER_DSN"]

    def query(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as conn:
            return conn.execute(text.encode(), values).fetchall()

    def by_hand(self, *words: str) -> str:
        """The last line of a command in a terminal."""
        ran = subprocess.run(
            [sys.executable, "-m", "flows", *words],
            cwd=ROOT,
            env=self.rig.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.stdout, ran.stderr
        return ran.stdout.splitlines()[-1]

    # Runs

    def deploy(self, procedure: str) -> None:
        """A deployment of the procedure, at work in the world's own folder."""
        function = procedure.replace("-", "_")
        entrypoint = f"{ROOT}/flows/soak/{function}.py:{function}"
        pull = [{"prefect.deployments.steps.set_working_directory": {"directory": str(self.folder)}}]
        self.deployments[procedure] = self.rig.deploy(procedure, WARM, entrypoint, pull_steps=pull)

    def start(self, procedure: str, **parameters: object) -> str:
        """The run's number; asked again where the server that was asked died before it answered."""
        self.runs += 1
        path = f"deployments/{self.deployments[procedure]}/create_flow_run"
        for _ in range(5):
            with suppress(httpx.TransportError):
                return str(self.rig.post(path, parameters=parameters)["id"])
        raise TimeoutError("the server does not answer")

    def end_of(self, run: str, patience_s: float = _PATIENCE_S) -> str:
        """The type of the run's last state, or of the one it is stuck in; `unknown` where nobody answers."""
        with suppress(TimeoutError):
            await_true(lambda: self._state_of(run) in _ENDED, patience_s)
        return self._state_of(run)

    def _state_of(self, run: str) -> str:
        try:
            return self.rig.state(run)
        except httpx.TransportError:
            return "unknown"

    def tick(self, hour: int, victim: str | None) -> bool:
        """Let the hour be judged, with a kill in the middle; what died is started again, as a person would do.

        False where the victim was quicker than the kill.
        """
        at = stamped(START + timedelta(hours=hour))
        run = self.start("soak-tick", at=at)
        hit = bool(victim) and bool(getattr(self, f"kill_{victim}")())
        if victim and hit:
            self.hits[victim] = self.hits.get(victim, 0) + 1
        for _ in range(12):
            self.end_of(run)
            if self.query("SELECT 1 FROM soak_ticks WHERE slot = %s", START + timedelta(hours=hour)):
                return hit
            run = self.start("soak-tick", at=at)
        raise TimeoutError(f"hour {hour} is never judged: {self.rig.history(run)[-1]}")

    # Deaths

    def running(self) -> list[psutil.Process]:
        """The processes of the runs of this moment: the engine's children; the worker's where they started cold."""
        found = [psutil.Process(self.rig.children[name].pid).children() for name in ("engine", "worker")]
        return found[0] or found[1]

    def kill_run(self) -> bool:
        """The process of the flow run, some moment after it began."""
        self._await_run()
        found = self.running()
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return bool(found)

    def kill_worker(self) -> bool:
        self._wait(1.0)
        self.rig.kill("worker")
        self.rig.start_worker()
        return True

    def kill_server(self) -> bool:
        """The server, and with it the worker, which `make up` starts anew when its server has been away."""
        self._wait(1.0)
        self.rig.kill("server")
        self.rig.start_server()
        self.rig.await_server()
        self.rig.kill("worker")
        self.rig.start_worker()
        return True

    def kill_postgres(self) -> bool:
        """While a run is at work; whoever is quicker than the kill has lost nothing, so that it does not count."""
        self._await_run()
        at_work = bool(self.running())
        server = embedded.running(self.home)
        assert server
        os.kill(server.pid, signal.SIGKILL)
        await_true(lambda: embedded.running(self.home) is None, 30)
        await_true(self._postgres_is_back, 60)
        return at_work

    def _postgres_is_back(self) -> bool:
        """Its own children may hold the shared memory for a moment after it died."""
        try:
            return embedded.keep(self.home) is not None
        except Fault:
            return False

    def _await_run(self) -> None:
        await_true(lambda: bool(self.running()), 60)
        self._wait(0.4)

    def _wait(self, most_s: float) -> None:
        time.sleep(self.chance.uniform(0, most_s))


@contextmanager
def running_world(folder: Path, seed: int) -> Iterator[World]:
    server = embedded.keep(folder / embedded.HOME)
    (folder / "rig").mkdir()
    (folder / "artifacts").mkdir()
    try:
        dsn = server.dsns["WATCHKEEPER_DSN"]
        settings = {"WATCHKEEPER_DSN": dsn, "PREFECT_WORKER_QUERY_SECONDS": "0.4"}
        with running_rig(folder / "rig", free_port(), **settings) as rig:
            rig.api.timeout = httpx.Timeout(
                10
            )  # a server on SQLite that has locked itself out goes on when one hangs up
            world = World(rig, folder, random.Random(seed))
            world.by_hand(
                "db-bootstrap",
                "--mode",
                "apply_migrations",
                "--plan",
                OPERATIONS_PLAN,
                "--dsn-env",
                "WATCHKEEPER_DSN",
            )
            for procedure in ("soak", "soak-tick"):
                world.deploy(procedure)
            yield world
    finally:
        embedded.give_up(folder / embedded.HOME)


def put_inputs(folder: Path, **seen: float | None) -> None:
    """The two files that a tick reads; `edge=None` is an edge report that is not there."""
    now = int(time.time())
    edge = folder / "EDGE_REPORT.json"
    _put(folder / "KPI_GATE.json", {"checks": [], "readiness": seen.get("readiness", 95.0), "timestamp": now})
    if "edge" in seen:
        edge.unlink(missing_ok=True)
        return
    p95 = seen.get("p95", 300.0)
    latency = {"p50": 200.0, "p95": p95, "p99": 400.0}
    _put(
        edge, {"latency": latency, "net_bps": seen.get("net", 3.0), "taker_ratio": seen.get("taker", 0.1), "ts": now}
    )


def _put(path: Path, document: dict[str, object]) -> None:
    fresh = path.with_suffix(".fresh")
    fresh.write_text(json.dumps(document))
    fresh.replace(path)
