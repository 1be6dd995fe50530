"""Writing the evidence of a load validation: document, page and picture, each in one move."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from hdrh.histogram import HdrHistogram

from tasks import evidence
from tasks.clock import frozen_now, stamp
from tasks.files import replace_file, write_artifact
from tasks.folders import disk_faults
from tasks.load.picture import draw_latencies
from tasks.rules.artifacts import Json, canonical_json
from tasks.rules.faults import Fault, Refused
from tasks.rules.load.evidence import document_of
from tasks.rules.load.measured import Measured
from tasks.rules.load.page import page_of
from tasks.rules.load.run import Run
from tasks.schemas.load import LoadEvidence
from tasks.step import step

_LONGEST_US = 3_600_000_000
_FIGURES = 3
log = logging.getLogger("prefect.watchkeeper")


def refuse_to_replace(file: Path) -> None:
    """Evidence is written once: what is there was somebody's proof, or somebody's page."""
    if any(one.exists() or one.is_symlink() for one in (file, beside(file, ".md"), beside(file, ".png"))):
        raise Refused("out_exists", "give --out another name; evidence is never written over", file=file.name)


def beside(file: Path, ending: str) -> Path:
    """The page or the picture of the evidence: `e.md` of `e.json`."""
    return file.with_suffix(ending) if file.suffix == ".json" else file.with_name(file.name + ending)


@step(retries=0)  # evidence is written once
def write_evidence(file: Path, run: Run, measured: Sequence[Measured]) -> None:
    """Put the document at its place and its page beside it; what its own schema refuses is a crash."""
    refuse_to_replace(file)
    document = document_of(run, {one.name: histogram_of(one) for one in measured})
    if frozen := frozen_now():
        document["frozen_now"] = stamp(frozen)
    content = canonical_json(document)
    LoadEvidence.model_validate_json(content)
    with disk_faults("artifact_not_written"):
        replace_file(file, content)
        replace_file(beside(file, ".md"), ("\n".join(page_of(run)) + "\n").encode())


@step(retries=0)  # safe to repeat: it replaces the picture as a whole
def show_run(file: Path, run: Run, measured: Sequence[Measured]) -> None:
    """Draw the latencies, beside the evidence and for the UI; a picture that cannot be kept changes nothing else."""
    png = draw_latencies(measured, run.asked.limits)
    evidence.show_picture("load-validation-latency", png, "Latency of each phase", page_of(run))
    try:
        with disk_faults("artifact_not_written"):
            replace_file(beside(file, ".png"), png)
        write_artifact(f"load/{file.stem}.png", png)
    except Fault as fault:
        log.warning("the picture is not kept: %s", fault)


def histogram_of(measured: Measured) -> Mapping[str, Json]:
    """The good latencies in microseconds, three significant figures, up to an hour."""
    histogram = HdrHistogram(1, _LONGEST_US, _FIGURES)
    for nanoseconds in measured.latencies:
        histogram.record_value(min(max(nanoseconds // 1000, 1), _LONGEST_US))
    return {"unit": "us", "significant_figures": _FIGURES, "encoded": histogram.encode().decode()}
