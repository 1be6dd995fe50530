"""The scratch databases of a migration smoke: fresh each time, compared with their plan, gone afterwards."""

import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.folders import alone_in, disk_faults
from tasks.rules.faults import Fault, Refused
from tasks.rules.plan import Plan
from tasks.rules.services.migrations import Role
from tasks.services.sqlite import Access, opened
from tasks.services.sqlite_schema import read_found, rehearsed
from tasks.step import step

_OURS = re.compile(r"watchkeeper-smoke-[0-9a-f]{32}")
_MOST_NAMED = 20


@contextmanager
def fresh_places(runtime_db: Path, webhook_db: Path) -> Iterator[dict[Role, Path]]:
    """Two places where nothing is yet, in a folder of their own beside the asked ones, which are never touched."""
    if runtime_db.absolute() == webhook_db.absolute():
        raise Refused("same_database", "--runtime-db and --webhook-db lead to one file: correct one of them")
    with disk_faults("artifact_not_written"):
        runtime_db.parent.mkdir(parents=True, exist_ok=True)
    with alone_in(runtime_db.parent):
        _remove_left_over(runtime_db.parent)
        folder = runtime_db.parent / f"watchkeeper-smoke-{uuid.uuid4().hex}"
        with disk_faults("artifact_not_written"):
            folder.mkdir()
        try:
            yield {Role.RUNTIME: folder / f"runtime-{runtime_db.name}", Role.WEBHOOK: folder / webhook_db.name}
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_left_over(folder: Path) -> None:
    """What a smoke that was killed has left; only folders of exactly our name."""
    for old in folder.iterdir():
        if _OURS.fullmatch(old.name) and old.is_dir() and not old.is_symlink():
            shutil.rmtree(old, ignore_errors=True)


@step
def compare_with_plan(role: Role, path: Path, plan: Plan) -> int:
    """The number of files in its ledger, after ledger and schema were found to be exactly what the plan promises."""
    promised = rehearsed(plan)
    with opened(path, Access.READ) as conn:
        found = read_found(conn)
    if set(found.ledger) != {stage.migration.name for stage in promised}:
        raise Fault("ledger_differs", "the ledger does not name exactly the files of the plan", database=role.value)
    lacking = sorted(item.name for item in promised[-1].schema - found.schema)
    if lacking:
        raise Fault(
            "schema_differs", "the plan promises more", database=role.value, missing=tuple(lacking[:_MOST_NAMED])
        )
    return len(found.ledger)
