"""What a metrics file must keep to before a number in it is believed.

Runbook 002, "Metrics & Monitoring"; spec 002, 9.3. Pure: the lines as a lenient parser read them come in, faults with
their line numbers go out. A file that lies in one place is believed in none.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

TYPES = ("counter", "gauge", "histogram", "summary", "untyped")
_PARTS = ("_bucket", "_sum", "_count")


@dataclass(frozen=True, slots=True)
class Series:
    """A name with its labels, sorted."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()

    def without(self, label: str) -> "Series":
        return Series(self.name, tuple(pair for pair in self.labels if pair[0] != label))

    def renamed(self, name: str) -> "Series":
        return Series(name, self.labels)

    @property
    def text(self) -> str:
        inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in self.labels)
        return self.name + (f"{{{inner}}}" if inner else "")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


@dataclass(frozen=True, slots=True)
class Sample:
    series: Series
    value: float
    line: int


@dataclass(frozen=True, slots=True)
class TypeLine:
    name: str
    type: str
    line: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in which line, with which metric."""

    code: str
    line: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Textfile:
    """A file as it was read: when it was written, what its bytes were, and what stands in it."""

    written_at: float
    digest: str
    types: tuple[TypeLine, ...] = ()
    samples: tuple[Sample, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def values(self) -> dict[Series, float]:
        return {sample.series: sample.value for sample in self.samples}


def faults_of(file: Textfile) -> tuple[Fault, ...]:
    """Every fault, by line; empty if all of the file may be believed."""
    found = [*file.faults, *_types(file.types), *_samples(file), *_histograms(file)]
    return tuple(sorted(found, key=lambda fault: (fault.line, fault.code)))


def _types(types: Iterable[TypeLine]) -> Iterator[Fault]:
    seen: set[str] = set()
    for one in types:
        if one.name in seen:
            yield Fault("duplicate", one.line, one.name)
        if one.type not in TYPES:
            yield Fault("unknown_type", one.line, one.name)
        seen.add(one.name)


def _samples(file: Textfile) -> Iterator[Fault]:
    types = {one.name: one.type for one in file.types}
    seen: set[Series] = set()
    for sample in file.samples:
        name, family = sample.series.name, _family(sample.series.name, types)
        if sample.series in seen:
            yield Fault("duplicate", sample.line, name)
        if not math.isfinite(sample.value):
            yield Fault("not_finite", sample.line, name)
        if family not in types:
            yield Fault("no_type", sample.line, name)
        elif sample.value < 0 and (types[family] == "counter" or name != family):
            yield Fault("negative", sample.line, name)
        seen.add(sample.series)


def _family(name: str, types: Mapping[str, str]) -> str:
    for part in _PARTS:
        family = name.removesuffix(part)
        if family != name and types.get(family) in ("histogram", "summary"):
            return family
    return name


def _histograms(file: Textfile) -> Iterator[Fault]:
    values = file.values
    for one in file.types:
        if one.type == "histogram":
            line = _line_of(file, one.name)
            for series, buckets in buckets_of(file.samples, one.name).items():
                yield from _histogram(series, buckets, values, line)


def _line_of(file: Textfile, name: str) -> int:
    """The last bucket's line: that is where a histogram goes wrong."""
    return max((one.line for one in file.samples if one.series.name == f"{name}_bucket"), default=0)


def _histogram(
    series: Series, buckets: "Sequence[tuple[float, float]]", values: Mapping[Series, float], line: int
) -> Iterator[Fault]:
    counts = [count for _, count in buckets]
    if counts != sorted(counts):
        yield Fault("not_cumulative", line, series.name)
    count = values.get(series.renamed(f"{series.name}_count"))
    if count is None or series.renamed(f"{series.name}_sum") not in values:
        yield Fault("incomplete", line, series.name)
    elif not math.isinf(buckets[-1][0]) or counts[-1] != count:
        yield Fault("inf_is_not_count", line, series.name)


def buckets_of(samples: Iterable[Sample], name: str) -> dict[Series, list[tuple[float, float]]]:
    """The buckets of a histogram by its other labels: upper bound and cumulative count, bounds rising."""
    found: dict[Series, list[tuple[float, float]]] = {}
    for sample in samples:
        if sample.series.name == f"{name}_bucket":
            bound = bound_of(dict(sample.series.labels).get("le", ""))
            found.setdefault(sample.series.without("le").renamed(name), []).append((bound, sample.value))
    return {series: sorted(buckets) for series, buckets in found.items()}


def bound_of(text: str) -> float:
    """The upper bound of a bucket; one that is no number is below all others, so that it is found out."""
    try:
        bound = float(text)
    except ValueError:
        return -math.inf
    return -math.inf if math.isnan(bound) else bound


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """The value below which so much of all lies, linear within its bucket.

    Infinite if it lies beyond the last finite bound; None if nothing was counted.
    """
    if not buckets or buckets[-1][1] <= 0:
        return None
    rank, below, lower = share * buckets[-1][1], 0.0, 0.0
    for bound, count in buckets:
        if count >= rank and count > below:
            return bound if math.isinf(bound) else lower + (bound - lower) * (rank - below) / (count - below)
        below, lower = count, bound
    return math.inf


def quantile_text(buckets: Sequence[tuple[float, float]], share: float) -> str | None:
    """`37.5 ms`, or `> 2000 ms` beyond the last bound that is a number."""
    value = quantile(buckets, share)
    if value is None:
        return None
    last = max((bound for bound, _ in buckets if math.isfinite(bound)), default=0.0)
    return f"> {last:g} ms" if math.isinf(value) else f"{value:g} ms"
