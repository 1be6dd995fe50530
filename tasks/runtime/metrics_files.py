"""The runtime's metrics file: read line by line, remembered in the operations database, watched while it changes."""

import hashlib
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from tasks.operations import MetricSnapshot, session
from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.growth import Expectation, Remembered, expectations_of
from tasks.rules.guard.textfile import Fault as Wrong
from tasks.rules.guard.textfile import Sample, Series, Textfile, TypeLine
from tasks.settings.guard import runtime_settings
from tasks.step import step

LARGEST = 64 << 20
_PROCEDURE = "metrics-check"
_LOOK_EVERY_S = 0.2


def metrics_file(given: str) -> Path:
    """The file that is given, else the one in RUNTIME_METRICS_PATH."""
    return Path(given or runtime_settings().metrics_path)


@step
def read_textfile(path: Path) -> Textfile:
    """The file, each line read by itself so that what is wrong has a line number."""
    content, written_at = _content_of(path)
    digest = hashlib.sha256(content).hexdigest()
    faults, types, samples = [], [], []
    text = content.decode("utf-8", "replace")
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match _read(line, number):
            case Wrong() as fault:
                faults.append(fault)
            case TypeLine() as one:
                types.append(one)
            case Sample() as sample:
                samples.append(sample)
    if lines[-1]:
        faults.append(Wrong("half_written", len(lines)))
    return Textfile(written_at, digest, tuple(types), tuple(samples), tuple(faults))


def _content_of(path: Path) -> tuple[bytes, float]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
            written_at = path.stat().st_mtime
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(
            "metrics_missing", "the runtime writes the file with its first routed order; none came, or not here"
        ) from None
    except PermissionError:
        raise Fault(
            "metrics_unreadable", "the runtime writes it for its own user alone (0600): read it as that"
        ) from None
    except OSError as error:
        raise Fault("metrics_unreadable", f"it is no file that can be read ({type(error).__name__})") from None
    if len(content) > LARGEST:
        raise Refused("metrics_unreadable", "this is too large for a metrics file")
    return content, written_at


def _read(line: str, number: int) -> Wrong | TypeLine | Sample | None:
    """One line; a comment that is no TYPE says nothing."""
    words = line.split()
    if not words or (line.startswith("#") and words[:2] != ["#", "TYPE"]):
        return None
    if line.startswith("#"):
        return TypeLine(words[2], words[3], number) if len(words) == 4 else Wrong("not_a_sample", number)
    sample = _sample(line)
    return Sample(sample[0], sample[1], number) if sample else Wrong("not_a_sample", number)


def _sample(line: str) -> tuple[Series, float] | None:
    try:
        (family,) = text_string_to_metric_families(line + "\n")
        (sample,) = family.samples
    except ValueError:
        return None
    if sample.timestamp is not None:  # the runtime writes none: a second number is a torn or a joined line
        return None
    return Series(sample.name, tuple(sorted(sample.labels.items()))), float(sample.value)


@step
def read_expectations(path: Path) -> tuple[Expectation, ...]:
    """What the file expects of the counters."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        rows = document.get("expect")
        names = [str(row.get("series")) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        parsed = {name: found[0] for name in names if (found := _sample(f"{name} 0"))}
        return expectations_of(document, parsed)
    except FileNotFoundError:
        raise Refused("expectations_missing", "give --expect the file of expectations") from None
    except OSError as error:
        raise Fault("expectations_missing", f"it cannot be read ({type(error).__name__})") from None
    except ValueError as wrong:
        why = "no TOML" if isinstance(wrong, (tomllib.TOMLDecodeError, UnicodeDecodeError)) else str(wrong)
        raise Refused("expectations_invalid", f"correct the file of expectations: {why}") from None


@step
def recall(path: Path, procedure: str = _PROCEDURE) -> Remembered | None:
    """The last read of this file that the procedure remembered."""
    query = (
        select(MetricSnapshot.metrics)
        .where(MetricSnapshot.procedure == procedure, MetricSnapshot.metrics["file"].astext == _key(path))
        .order_by(MetricSnapshot.id.desc())
        .limit(1)
    )
    with session() as active:
        found = active.scalar(query)
    return Remembered(found["at"], found["digest"], found["since"], found["values"]) if found else None


@step(retries=0)  # one read is one row
def keep(path: Path, read: Remembered, procedure: str = _PROCEDURE) -> None:
    """Remember this read for the next one to compare with; of the file's place only a digest is kept."""
    content = {"file": _key(path), "at": read.at, "digest": read.digest, "since": read.since}
    with session() as active:
        active.add(
            MetricSnapshot(
                at=datetime.fromtimestamp(read.at, UTC),
                procedure=procedure,
                window_days=0,
                metrics={**content, "values": dict(read.values)},
            )
        )


def _key(path: Path) -> str:
    return hashlib.sha256(str(path.absolute()).encode()).hexdigest()


@step
def last_samples(path: Path, most: int) -> tuple[tuple[str, str], ...]:
    """The last samples of the file, as written: series and value. Read once."""
    return tuple(_samples_in(path))[-most:]


def _samples_in(path: Path) -> Iterator[tuple[str, str]]:
    for line in _content_of(path)[0].decode("utf-8", "replace").splitlines():
        series, _, value = line.rpartition(" ")
        if series and not line.startswith("#"):
            yield series, value


@step(retries=0)  # it waits: a second try would wait again
def next_changes(path: Path, before: dict[str, str], deadline: float) -> tuple[tuple[str, str], ...]:
    """The samples that changed since `before`, as soon as some did; empty when the deadline passes first."""
    while True:
        changed = tuple(pair for pair in _samples_in(path) if before.get(pair[0]) != pair[1])
        if changed or time.monotonic() >= deadline:
            return changed
        time.sleep(max(0.0, min(_LOOK_EVERY_S, deadline - time.monotonic())))
