"""Reading a migration plan from disk: a folder of numbered SQL files, or an Alembic script directory."""

from dataclasses import replace
from pathlib import Path

from tasks.alembic_plans import is_alembic, read_alembic_plan
from tasks.rules.plan import Plan, PlanKind, Problem, plan_from_files
from tasks.sql_files import file_problems
from tasks.step import step

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def plan_folder(plan: str) -> Path:
    """The folder that is meant: from the working directory, else from the project's own root."""
    here = Path(plan)
    return here if here.is_absolute() or here.is_dir() else PROJECT_ROOT / plan


@step
def read_plan(plan: str) -> Plan:
    """The plan with all that is wrong with it; no database is asked (runbook 001, Production bootstrap, step 2)."""
    folder = plan_folder(plan)
    if not folder.is_dir():
        return Plan(PlanKind.SQL, problems=(Problem("missing_plan"),))
    if is_alembic(folder):
        return read_alembic_plan(folder)
    read = plan_from_files({entry.name: _content(entry) for entry in folder.iterdir()})
    return replace(read, problems=read.problems + file_problems(read))


def _content(entry: Path) -> bytes | None:
    try:
        return entry.read_bytes() if entry.suffix == ".sql" else None
    except OSError:
        return None
