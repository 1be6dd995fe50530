"""The last 24 hours of a long journal beside programs that read all of it.

`python -m benchmarks.digest [lines] [rounds]`. The same work is: how many ticks of each status the window has. Ours
also follows the hash chain of what it reads; the peers check nothing, so the whole file is counted by ours without
its chain as well. duckdb, orjson and pandas take part where installed.
"""

import importlib.util
import io
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.measuring import interleaved, report
from tasks.clock import stamp
from tasks.journal_reading import BATCH_LINES, blocks
from tasks.journal_window import tally_window
from tasks.rules.journal import GENESIS, sealed
from tasks.rules.soak import CAPS, Action, Facts, Phase, Thresholds, evaluate
from tasks.rules.soak_columns import glance_at
from tasks.rules.soak_record import Slot, tick_record
from tasks.rules.soak_window import window_of

START = datetime(2026, 1, 1, tzinfo=UTC)
OURS = "ours: 24 hours by bisection, chain followed"
FACTS = Facts(readiness_pct=92.0, net_bps=2.75, taker_ratio=0.12, p95_ms=310.0, p99_ms=400.0, fills=120.0)


def main(lines: int = 200_000, rounds: int = 3) -> None:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as name:
        journal = Path(name, "journal.jsonl")
        with journal.open("wb") as file:
            file.writelines(_lines(lines))
        now = START + timedelta(minutes=lines - 1)
        day, whole = window_of(now, UTC, 24), window_of(now, UTC, lines // 60 + 1)
        peers: dict[str, Callable[[], object]] = {
            "json, all lines": partial(_scanned, journal, json.loads, day.start)
        }
        if importlib.util.find_spec("orjson"):
            peers["orjson, all lines"] = partial(_scanned, journal, _orjson(), day.start)
        if importlib.util.find_spec("duckdb"):
            peers["duckdb, whole file"] = partial(_by_duckdb, journal, stamp(day.start))
        else:
            print("duckdb is not installed: skipped")
        if importlib.util.find_spec("pandas"):
            peers["pandas, whole file"] = partial(_by_pandas, journal, stamp(day.start))
        title = f"of a journal of {lines} lines, {journal.stat().st_size >> 20} MB"
        ours: dict[str, Callable[[], object]] = {OURS: partial(tally_window.fn, journal, day)}
        report(f"digest of 24 h {title}", OURS, interleaved({**ours, **peers}, rounds))
        all_of_it = "ours: every line, chain followed"
        sides: dict[str, Callable[[], object]] = {
            all_of_it: partial(tally_window.fn, journal, whole),
            "ours: every line at a glance, no chain": partial(_glanced, journal),
        }
        report(f"digest of all {title}", all_of_it, interleaved({**sides, **peers}, rounds))


def _lines(count: int) -> Iterator[bytes]:
    """One tick a minute, as `soak-tick` writes it."""
    decision, link = evaluate(FACTS, CAPS[Phase.CANARY], Thresholds()), GENESIS
    for minute in range(count):
        at = stamp(START + timedelta(minutes=minute))
        slot = Slot("bench", Phase.CANARY, "eu-west-1", at)
        record = tick_record(slot, decision, Action.NONE, FACTS, {}, Thresholds(), at)
        line, link = sealed({**record, "seq": minute + 1}, link)
        yield line


def _scanned(journal: Path, loads: Callable[[bytes], Any], since: datetime) -> Counter[str]:
    first, found = stamp(since), Counter[str]()
    with journal.open("rb") as file:
        for line in file:
            record = loads(line)
            if record["ts"] >= first:
                found[record["status"]] += 1
    return found


def _glanced(journal: Path) -> Counter[str]:
    found = Counter[str]()
    with journal.open("rb") as file:
        for block in blocks(file, journal.stat().st_size):
            lines = io.BytesIO(block)
            while batch := list(islice(lines, BATCH_LINES)):
                glance = glance_at(batch)
                found.update(glance.counts if glance else {})
    return found


def _by_pandas(journal: Path, first: str) -> object:
    pandas: Any = importlib.import_module("pandas")
    ticks = pandas.read_json(journal, lines=True, dtype=False)
    return ticks[ticks["ts"] >= first]["status"].value_counts()


def _orjson() -> Callable[[bytes], Any]:
    loads: Callable[[bytes], Any] = importlib.import_module("orjson").loads
    return loads


def _by_duckdb(journal: Path, first: str) -> object:
    duckdb: Any = importlib.import_module("duckdb")
    columns = "{status: 'VARCHAR', ts: 'VARCHAR'}"
    query = f"select status, count(*) from read_ndjson(?, columns={columns}) where ts >= ? group by 1"
    return duckdb.execute(query, [str(journal), first]).fetchall()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
