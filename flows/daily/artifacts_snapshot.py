"""Keep the artifacts of a failed tick before the next one overwrites them."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.folders import shown
from tasks.procedure import procedure
from tasks.rules.archiving import caps_for
from tasks.rules.contracts.artifacts import SNAPSHOT
from tasks.rules.outcome import Outcome
from tasks.rules.snapshot import failure_in, kept, skipped
from tasks.snapshots import read_tail, take_snapshot

Journal = Annotated[str, Field(min_length=1, description="The journal whose last tick decides.")]
Source = Annotated[str | None, Field(description="The folder to keep; the journal's own if left out.")]
Fast = Annotated[bool, Field(description="Only .json, .jsonl, .md and .log, at most 300 files and 5 MB.")]


@procedure(SNAPSHOT, run_name=run_named("artifacts-snapshot"))
def artifacts_snapshot(
    journal: Journal = "artifacts/SOAK_JOURNAL.jsonl", src: Source = None, fast: Fast = True
) -> Outcome:
    """Keep a snapshot of the artifacts if the journal's last tick failed or its last line is torn.

    Runbook 004, Artifacts. One snapshot for each tick, phase and region: asked again it says `already_taken`. It
    holds the artifacts as an archive with its manifest, and the last 200 lines of the journal beside it; earlier
    snapshots stay out. `status=FAIL` is the tick's status: the snapshot was taken.

    Safety: reads the artifacts, writes only below `failures` inside them, deletes nothing.
    """
    path = Path(journal)
    source = Path(src) if src else path.parent
    tail = read_tail(path)
    failure = failure_in(tail)
    if failure is None:
        return skipped("last_tick_good")
    caps = caps_for(fast=fast, max_files=None, max_mb=None)
    done = take_snapshot(source, failure.name, caps, tail, path.name)
    return kept(done, shown(Path(done.folder)), failure.reason) if done else skipped("already_taken")
