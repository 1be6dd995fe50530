"""The steps of a cleanup and of a return, as a flow takes them: each says what became of it and stops no other."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from prefect.context import FlowRunContext

from tasks.databases import connection
from tasks.files import write_artifact
from tasks.publishing.cleanup import memory
from tasks.publishing.cleanup.looking import Grounds, look_at
from tasks.publishing.cleanup.looking import open_grounds as opened_grounds
from tasks.publishing.cleanup.places import archive_names
from tasks.publishing.cleanup.remote import Remote
from tasks.publishing.cleanup.steps import Moved, archive_folder, delete_archive, finish, restore_folder
from tasks.rules.artifacts import Json, canonical_json
from tasks.rules.faults import Fault, Refused
from tasks.rules.publishing.cleanup import Act, Choice, Judged, Limits, Plan, plan_cleanup
from tasks.rules.publishing.cleanup_lines import Done, Finished
from tasks.rules.publishing.registry import Entry
from tasks.rules.retention import Clocks
from tasks.rules.splitting.names import printable
from tasks.settings import OPERATIONS_DSN
from tasks.step import step

REPORT = "publishing/project_cleanup.json"


def is_by_schedule() -> bool:
    """Whether the server's own schedule made this run; a person who presses the button is not the schedule."""
    run = FlowRunContext.get()
    return bool(run and run.flow_run and run.flow_run.auto_scheduled)


@step
def open_grounds(repo_root: str, archive_dir: str) -> Grounds:
    """The repository and where its archives are; refuses both where they could hurt."""
    return opened_grounds(Path(repo_root), archive_dir)


@step
def read_plan(grounds: Grounds, entries: Sequence[Entry], choice: Choice, limits: Limits, now: datetime) -> Plan:
    """What would go now; reads only."""
    if unknown := choice.unknown(entries):
        raise Refused(
            "unknown_project",
            "the registry has no such project; see publish-status",
            unknown=tuple(map(printable, unknown)),
        )
    meant = choice.of(entries)
    beside = sum(row.deleted_at is None for row in entries) - sum(row.deleted_at is None for row in meant)
    return plan_cleanup(look_at(grounds, meant, limits, now), limits, now, beside=beside)


@step
def read_cleanup_clocks(grounds: Grounds, entries: Sequence[Entry], now: datetime) -> Clocks:
    """Our clock, the database server's, and the newest moment that registry or archives tell of."""
    with connection(OPERATIONS_DSN, read_only=True) as conn:
        row = conn.execute("SELECT clock_timestamp()").fetchone()
    moments = [at for at in (memory.last_change(grounds.root), *(entry.touched_at for entry in entries)) if at]
    return Clocks(now, row[0] if row else now, max(moments, default=None))


@step(retries=0)  # what could not be finished is named, and tried again by the next run
def finish_unfinished(grounds: Grounds, now: datetime) -> list[Finished]:
    """Finish, or take back, every step that a killed run has left under way."""
    return [
        _finished(grounds, kept, now) for kept in memory.open_archives(grounds.root).values() if kept.is_under_way
    ]


def _finished(grounds: Grounds, kept: memory.Kept, now: datetime) -> Finished:
    try:
        finish(grounds, kept, now)
    except Fault as fault:
        return Finished(kept.key, fault.reason)
    return Finished(kept.key)


@step(retries=0)  # it is planned again by the next run
def archive_project(grounds: Grounds, one: Judged, remote: Remote, limits: Limits, now: datetime) -> Done:
    """One folder into the archive, or why not."""
    return _attempt(grounds, one, lambda: archive_folder(grounds, one, remote, limits, now))


@step(retries=0)  # it is planned again by the next run
def delete_project(grounds: Grounds, one: Judged, remote: Remote, limits: Limits, now: datetime) -> Done:
    """One archive gone for good, or why not."""
    return _attempt(grounds, one, lambda: delete_archive(grounds, one, remote, limits, now))


def _attempt(grounds: Grounds, one: Judged, act: Callable[[], Moved]) -> Done:
    try:
        moved = act()
    except Fault as fault:
        return Done(one.entry, one.act, reason=fault.reason)
    target = shown(grounds, moved.target) if moved.target else None
    return Done(one.entry, one.act, shown(grounds, moved.source), target, moved.size)


def would_move(grounds: Grounds, plan: Plan, now: datetime) -> list[Done]:
    """The plan as if it were done, for the lists of a dry run."""
    return [_as_if(grounds, one, now) for one in plan.going]


def _as_if(grounds: Grounds, one: Judged, now: datetime) -> Done:
    if one.act is Act.DELETE:
        return Done(one.entry, one.act, shown(grounds, Path(str(one.entry.archived_path))))
    target = grounds.archives / next(archive_names(one.entry.project_name, now))
    return Done(one.entry, one.act, one.entry.prefix, shown(grounds, target))


@step
def write_report(report: Json) -> str:
    """The lists of a run as the runbook's program printed them, among the artifacts; its name there."""
    write_artifact(REPORT, canonical_json(report))
    return REPORT


@step(retries=0)  # killed anywhere, the next start finishes it or takes it back
def restore_project(grounds: Grounds, entry: Entry, now: datetime) -> int:
    """One folder back from the archive; the bytes that came back."""
    return restore_folder(grounds, entry, now).size


def shown(grounds: Grounds, path: Path) -> str:
    """A path as it may stand in a report: from the top of the repository, elsewhere its last part alone."""
    return path.relative_to(grounds.root).as_posix() if path.is_relative_to(grounds.root) else path.name
