"""Hours of a soak on a scaled clock in seconds, for its picture: `python -m tests.acceptance.rehearsed_soak 245`.

Runs the procedures themselves, without a Prefect server, in the databases of the environment. What happens is made up
and always the same: a slow evening, a missed night, a poor morning, one failure after the capital went live.
"""

import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.soak.soak import soak
from flows.soak.soak_tick import soak_tick
from tasks.step import without_server
from tests.soaks import put_inputs

START = datetime(2026, 11, 21, tzinfo=UTC)
SLOW, MISSED, POOR = {30, 31, 32, 33, 230}, {60, 61, 62}, set(range(150, 156))


def edge_of(hour: int, chance: random.Random) -> dict[str, object]:
    p95 = chance.gauss(410, 12) if hour in SLOW else chance.gauss(290, 12)
    net = 2.2 if hour in POOR else max(2.55, chance.gauss(3.1, 0.2))
    return {"latency": {"p50": 0.6 * p95, "p95": p95, "p99": 1.3 * p95}, "net_bps": net, "taker_ratio": 0.1}


def main(hours: int) -> None:
    folder, chance = Path.cwd(), random.Random(7)
    with without_server():
        moment = f"{START:%Y-%m-%dT%H:%M:%SZ}"
        soak.fn(
            do="start",
            clock="scaled",
            at=moment,
            journal=str(folder / "SOAK_JOURNAL.jsonl"),
            kpi_gate=str(folder / "KPI_GATE.json"),
            edge_report=str(folder / "EDGE_REPORT.json"),
        )
        for hour in range(hours):
            put_inputs(folder, int(time.time()), edge=edge_of(hour, chance))
            if hour not in MISSED:
                soak_tick.fn(at=f"{START + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
