"""How a release is built, for the procedure `bundle` and for `bundle-auto`: gate, inputs, bundle, stamp."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tasks.clock import frozen_now, stamp, utc_now
from tasks.procedure import tell
from tasks.release_evidence import gather_evidence
from tasks.releases import read_commit, read_evidence, read_source, write_bundle, write_stamp
from tasks.rules.contracts.release import BUNDLE
from tasks.rules.outcome import Outcome, Status
from tasks.rules.ready_gate import judge_readiness, kpi_of
from tasks.rules.release import STAMP_FILE, Manifest, bundle_blockers, manifest_of, stamp_of

Artifacts = Annotated[str, Field(min_length=1, description="The folder of artifacts: the evidence, and the stamp.")]
Repository = Annotated[str, Field(min_length=1, description="The git repository whose commit is released.")]
Dist = Annotated[str, Field(min_length=1, description="The folder of bundles.")]
Version = Annotated[str | None, Field(description="Else the commit's VERSION, else its pyproject.toml.")]
Dirty = Annotated[
    Literal["refuse", "mark"],
    Field(description="What a tree with uncommitted changes means: no bundle, or one that says so."),
]


@dataclass(frozen=True, slots=True)
class Order:
    """What to build, from where, to where, under which gate."""

    artifacts: Path
    repository: Path
    dist: Path
    version: str | None
    dirty: str
    min_readiness: int
    max_age_hours: int

    @property
    def stamp_file(self) -> Path:
        return self.artifacts / STAMP_FILE


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a bundle built now would hold, and the evidence by name."""

    evidence: dict[str, bytes | None]
    contents: dict[str, bytes]
    manifest: Manifest


def read_inputs(order: Order) -> Inputs:
    evidence = read_evidence(order.artifacts)
    source = read_source(order.repository, order.version)
    contents = read_commit(order.repository, source.git_hash)
    contents |= {f"artifacts/{name}": data for name, data in evidence.items() if data is not None}
    return Inputs(evidence, contents, manifest_of(source, contents))


def build(order: Order, inputs: Inputs) -> Outcome:
    """Tell the gate's line, build if nothing stands against it, stamp last; returns the bundle's line untold."""
    now = utc_now()
    epoch = int(now.timestamp())
    kpi = kpi_of(inputs.evidence["KPI_GATE.json"])
    gate = tell(judge_readiness(kpi, order.min_readiness, now=epoch, max_age_s=order.max_age_hours * 3600))
    source = inputs.manifest.source
    if gate.status is not Status.OK:
        return BUNDLE.says(Status.FAIL, "gate_failed")
    if source.dirty and order.dirty == "refuse":
        return BUNDLE.says(Status.FAIL, "dirty_tree", version=source.version, git_hash=source.git_hash, dirty=True)
    for reason, names in bundle_blockers(inputs.evidence).items():
        return BUNDLE.says(Status.FAIL, reason, missing=names)
    bundle = write_bundle(order.dist, inputs.manifest, inputs.contents)
    evidence = gather_evidence(gate, order.artifacts / "SOAK_JOURNAL.jsonl")
    frozen = frozen_now()
    written = stamp_of(
        source,
        bundle.name,
        bundle.sha256,
        ts=epoch,
        frozen_now=stamp(frozen) if frozen else None,
        evidence=evidence,
    )
    write_stamp(order.stamp_file, written)
    return BUNDLE.says(
        Status.OK,
        version=source.version,
        git_hash=source.git_hash,
        bundle_sha256=bundle.sha256,
        files=len(inputs.manifest.files),
        bundle=bundle.name,
        dirty=source.dirty,
    )
