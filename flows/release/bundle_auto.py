"""Keep the release young: a new bundle every three to five days."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from flows.release.building import Artifacts, Dirty, Dist, Order, Repository, build, read_inputs
from flows.release.ready_gate import MaxAgeHours, MinReadiness
from tasks.clock import utc_now
from tasks.procedure import procedure, tell
from tasks.releases import look_at_release
from tasks.rules.contracts.release import BUNDLE_AUTO
from tasks.rules.outcome import Outcome
from tasks.rules.ready_gate import MIN_READINESS
from tasks.rules.rebuild import Decision, announced, concluded, decide
from tasks.rules.release import changed_inputs
from tasks.snapshots import snapshot_failure

Watch = Annotated[
    Literal["all", "commit"],
    Field(description="Which changed inputs ask for a new bundle: any, or those of the commit but not the evidence."),
]


@procedure(BUNDLE_AUTO, run_name=run_named("bundle-auto"), on_bad=snapshot_failure)
def bundle_auto(
    artifacts_dir: Artifacts = "artifacts",
    repository: Repository = ".",
    dist: Dist = "dist/release_bundle",
    dirty: Dirty = "refuse",
    min_readiness: MinReadiness = MIN_READINESS,
    max_age_hours: MaxAgeHours = 24,
    watch: Watch = "all",
) -> Outcome:
    """Build a new bundle when it is time: under three days skip, to five due, past five overdue with an alert.

    Runbook 004, Release bundle. It builds at any age when there is no valid stamp, when the stamp is from the future
    or does not match the bundle, and when inputs changed. If the gate says no while the old bundle is good and not
    yet five days old, the old one is kept and the next run tries again; past five days that is a failure.

    Safety: writes what `bundle` writes, and only then; a bundle that is in force is never touched.
    """
    order = Order(Path(artifacts_dir), Path(repository), Path(dist), None, dirty, min_readiness, max_age_hours)
    release = look_at_release(order.stamp_file, order.dist)
    inputs = read_inputs(order)
    built_from = release.manifest
    changed = changed_inputs(built_from, inputs.manifest, evidence_counts=watch == "all") if built_from else ()
    now = int(utc_now().timestamp())
    verdict = decide(release.stamp, mismatched=bool(release.mismatches), changed=changed, now=now)
    for line in announced(verdict):
        tell(line)
    built = None if verdict.decision is Decision.SKIP else tell(build(order, inputs))
    return concluded(verdict, built)
