"""Build the release."""

from pathlib import Path

from flows.naming import run_named
from flows.release.building import Artifacts, Dirty, Dist, Order, Repository, Version, build, read_inputs
from flows.release.ready_gate import MaxAgeHours, MinReadiness
from tasks.procedure import procedure
from tasks.rules.contracts.release import BUNDLE
from tasks.rules.outcome import Outcome
from tasks.rules.ready_gate import MIN_READINESS
from tasks.snapshots import snapshot_failure


@procedure(BUNDLE, run_name=run_named("bundle", "version"), on_bad=snapshot_failure)
def bundle(
    artifacts_dir: Artifacts = "artifacts",
    repository: Repository = ".",
    dist: Dist = "dist/release_bundle",
    version: Version = None,
    dirty: Dirty = "refuse",
    min_readiness: MinReadiness = MIN_READINESS,
    max_age_hours: MaxAgeHours = 24,
) -> Outcome:
    """Pass the gate, then build the bundle and stamp it with version, git hash and SHA-256.

    Runbook 004, Release bundle. READY means one thing: the gate passed, every required artifact is there, and the
    validation among them is good and full: one made with --fast opens no bundle. Equal inputs give equal bytes, on
    any day and machine. If it is BLOCKED: the reason and the gate's line above name what stands against it; the
    bundle and the stamp of before are still in force.

    Safety: writes one new file in --dist and, last of all, RELEASE_STAMP.json; touches no other bundle, pushes
    nothing.
    """
    order = Order(Path(artifacts_dir), Path(repository), Path(dist), version, dirty, min_readiness, max_age_hours)
    return build(order, read_inputs(order))
