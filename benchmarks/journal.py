"""The soak journal: adding ticks and verifying the chain, beside the barest and the usual ways.

`python -m benchmarks.journal [lines] [rounds]`. Adding: 300 ticks a round, each on the disk before the next.
Verifying: `lines` ticks (200,000 by default); the limit is one SHA-256 a line without any check, the peers parse,
hash again and compare, as a verifier in the usual way does. orjson takes part where it is installed.
"""

import hashlib
import importlib.util
import json
import os
import sys
import tempfile
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.measuring import interleaved, report
from tasks.clock import stamp
from tasks.journal import append, journal_at
from tasks.journal_reading import verify
from tasks.rules.journal import GENESIS, Record, sealed

TICKS = 300
START = datetime(2026, 1, 1, tzinfo=UTC)
_sync = getattr(os, "fdatasync", os.fsync)


def main(lines: int = 200_000, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-", dir=".") as name:
        folder = Path(name)
        ours = "ours: end verified, locked, chained"
        adding: dict[str, Callable[[], object]] = {
            ours: partial(_open_once, folder),
            "ours, opened anew for each tick": partial(_opened_each_time, folder),
            "bare write + fdatasync of a ready line": partial(_bare, folder),
            "naive: last hash by reading all, json, fsync": partial(_naive, folder),
        }
        report(f"{TICKS} ticks, each on the disk", ours, interleaved(adding, rounds))
        journal = folder / "long.jsonl"
        _write_journal(journal, lines)
        _verifying(journal, lines, rounds)


def _tick(number: int) -> Record:
    return {
        "action": "NONE",
        "caps": {"capital_usd": 500, "share": 0.05, "taker_ceiling": 0.15},
        "phase": "canary",
        "reason": "ok",
        "reason_code": "OK",
        "recommendation": "",
        "region": "eu-west-1",
        "status": "CONTINUE",
        "ts": stamp(START + timedelta(minutes=number)),
    }


READY = [_tick(number) for number in range(TICKS)]


def _new(folder: Path) -> Path:
    return folder / f"{uuid.uuid4().hex}.jsonl"


def _open_once(folder: Path) -> None:
    with journal_at(_new(folder)) as journal:
        for record in READY:
            journal.append(record, now=START)


def _opened_each_time(folder: Path) -> None:
    path = _new(folder)
    for record in READY:
        append(path, record, now=START)


def _bare(folder: Path) -> None:
    line, _ = sealed(_tick(0), GENESIS)
    with _new(folder).open("ab", buffering=0) as file:
        for _ in range(TICKS):
            file.write(line)
            _sync(file.fileno())


def _naive(folder: Path) -> None:
    path = _new(folder)
    for ready in READY:
        written = path.read_bytes().splitlines() if path.exists() else []
        record = {**ready, "prev_hash": json.loads(written[-1])["hash"] if written else GENESIS}
        record["hash"] = _hash(json.dumps(record, sort_keys=True, separators=(",", ":")).encode())
        with path.open("ab") as file:
            file.write(json.dumps(record, sort_keys=True, separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_journal(path: Path, lines: int) -> None:
    link = GENESIS
    with path.open("wb") as file:
        for number in range(lines):
            line, link = sealed({**_tick(number), "seq": number + 1}, link)
            file.write(line)


def _verifying(journal: Path, lines: int, rounds: int) -> None:
    ours = "ours: raw bytes, every link and line"
    sides: dict[str, Callable[[], object]] = {
        ours: partial(verify, journal, []),
        "limit: one sha256 a line, no check": partial(_hashed, journal),
    }
    report(f"verify {lines} lines, {journal.stat().st_size >> 20} MB", ours, interleaved(sides, rounds))
    few = min(lines, 100_000)
    short = journal.with_name("short.jsonl")
    with journal.open("rb") as whole, short.open("wb") as part:
        part.writelines(islice(whole, few))
    sides = {ours: partial(verify, short, []), "json": partial(_parsed, short, json.loads, _json_bytes)}
    if importlib.util.find_spec("orjson"):
        orjson: Any = importlib.import_module("orjson")
        written = partial(orjson.dumps, option=orjson.OPT_SORT_KEYS)
        sides["orjson"] = partial(_parsed, short, orjson.loads, written)
    else:
        print("orjson is not installed: skipped")
    report(f"verify {few} lines beside verifiers that parse", ours, interleaved(sides, rounds))


def _hashed(journal: Path) -> None:
    sha256 = hashlib.sha256
    with journal.open("rb") as file:
        for line in file:
            sha256(line).hexdigest()


def _json_bytes(record: object) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def _parsed(journal: Path, loads: Callable[[bytes], Any], dumps: Callable[[Any], bytes]) -> None:
    link = GENESIS
    with journal.open("rb") as file:
        for line in file:
            record = loads(line)
            own = record.pop("hash")
            if record["prev_hash"] != link or _hash(dumps(record)) != own:
                raise SystemExit("the benchmark's own journal does not verify")
            link = own


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
