"""A soak for tests: its input files, its flows called by hand, its journal read back."""

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tasks import operations
from tasks.rules.journal import Head
from tasks.soak_memory import keep_head
from tasks.step import has_server

GOOD: dict[str, Any] = {"latency": {"p50": 200, "p95": 300, "p99": 400}, "net_bps": 3.0, "taker_ratio": 0.1}
SLOW: dict[str, Any] = GOOD | {"latency": {"p50": 200, "p95": 400, "p99": 500}}
POOR: dict[str, Any] = GOOD | {"net_bps": 2.2}
IDLE: dict[str, Any] = GOOD | {"fills": 0}


def epoch(moment: str) -> int:
    return int(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp())


def put_inputs(folder: Path, at: int, *, readiness: float = 95.0, edge: dict[str, Any] = GOOD) -> None:
    """KPI_GATE.json and EDGE_REPORT.json, made at that second."""
    for name, content in (("KPI_GATE", {"readiness": readiness, "timestamp": at}), ("EDGE_REPORT", edge)):
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        os.utime(path, (at, at))


def run(flow: Any, **options: object) -> None:
    """Start a procedure as the fixture `by_hand` has it: with a server or without."""
    if has_server():
        flow(return_state=True, **options)
    else:
        flow.fn(**flow.validate_parameters(options))


def last_line(capsys: Any, flow: Any, **options: object) -> str:
    run(flow, **options)
    return plain(capsys.readouterr().out)[-1]


def plain(lines: str) -> list[str]:
    """The lines without the word that says the clock was frozen."""
    return [line.partition(" frozen_now=")[0] for line in lines.splitlines()]


def said(line: str) -> dict[str, str]:
    """The pairs of a line."""
    return dict(pair.split("=", 1) for pair in line.split() if "=" in pair)


def records(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_bytes().splitlines()]


def of(found: Sequence[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(record.get(name) for name in names) for record in found]


def keep_in_database(journal: Path, head: Head, at: datetime) -> None:
    """What a tick keeps of the journal's head outside it."""
    with operations.session() as active:
        keep_head(active, journal, head, at)
