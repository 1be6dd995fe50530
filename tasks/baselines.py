"""The baselines: rows of the operations database, and the two files that others read (runbook 001)."""

from sqlalchemy.dialects.postgresql import insert

from tasks import operations
from tasks.clock import frozen_now
from tasks.files import write_artifact
from tasks.operations import session
from tasks.rules.artifacts import canonical_json
from tasks.rules.baselines import LATEST, SCHEMA_VERSION, Baseline, document_of, pointer_to
from tasks.step import step


@step
def store_baseline(baseline: Baseline) -> bool:
    """Keep the baseline in the operations database; False if it is there already. Safe to repeat."""
    row = insert(operations.Baseline).values(
        baseline_id=baseline.id,
        created_at=baseline.created_at,
        source_commit=baseline.source_commit,
        schema_version=SCHEMA_VERSION,
        metrics=dict(baseline.metrics),
    )
    with session() as active:
        return active.scalar(row.on_conflict_do_nothing().returning(operations.Baseline.baseline_id)) is not None


@step
def write_baseline_files(baseline: Baseline) -> None:
    """Write the baseline's file, then the pointer to it: the pointer never names a file that is not there."""
    document = document_of(baseline, frozen=frozen_now() is not None)
    write_artifact(baseline.filename, canonical_json(document))
    write_artifact(LATEST, canonical_json(pointer_to(baseline)))
