"""Is the release on disk what its stamp says?"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from flows.release.building import Dist
from tasks.clock import utc_now
from tasks.procedure import procedure, tell
from tasks.releases import look_at_release
from tasks.rules.contracts.release import BUNDLE_MISMATCH, BUNDLE_VERIFY
from tasks.rules.outcome import Outcome, Status
from tasks.rules.release import is_from_the_future

StampFile = Annotated[str, Field(min_length=1, description="The RELEASE_STAMP.json to check.")]


@procedure(BUNDLE_VERIFY, run_name=run_named("bundle-verify"))
def bundle_verify(stamp: StampFile = "artifacts/RELEASE_STAMP.json", dist: Dist = "dist/release_bundle") -> Outcome:
    """Compare the bundle on disk with its stamp and its manifest, and name what does not match.

    Runbook 004, Release bundle. Works without network and without git. If it fails: each line above names one thing;
    do not release this bundle, build a new one.

    Safety: reads only.
    """
    release = look_at_release(Path(stamp), Path(dist))
    if release.stamp is None:
        return BUNDLE_VERIFY.says(Status.FAIL, release.why_not)
    for mismatch in release.mismatches:
        what, _, file = mismatch.partition(":")
        tell(BUNDLE_MISMATCH.says(Status.FAIL, what=what, file=file))
    reason = "mismatch" if release.mismatches else None
    if is_from_the_future(release.stamp, int(utc_now().timestamp())):
        reason = reason or "stamp_from_the_future"
    return BUNDLE_VERIFY.says(
        Status.FAIL if reason else Status.OK,
        reason,
        files=len(release.manifest.files) if release.manifest else None,
        mismatched=len(release.mismatches),
        version=release.stamp.version,
        git_hash=release.stamp.git_hash,
    )
