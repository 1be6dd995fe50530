"""Plans made for a test, and appliers that are processes of their own."""

import subprocess
import sys
from pathlib import Path

from tasks.migrations import Applied, apply_plan
from tasks.plans import PROJECT_ROOT, read_plan
from tasks.rules.plan import Plan
from tasks.rules.verification import judge_database
from tasks.verification import look_at_database

DSN = "POSTGRES_DSN_PROD"
OUR_OWN = len(list((PROJECT_ROOT / "migrations/production").glob("*.sql")))
# What a real second applier is: another process with its own connection. It says how it ended in one word.
_APPLIER = """
import sys
from tasks.migrations import apply_plan
from tasks.plans import PROJECT_ROOT, read_plan
from tasks.rules.faults import Fault
try:
    done = apply_plan.fn("POSTGRES_DSN_PROD", read_plan.fn(sys.argv[1]), lock_wait_s=float(sys.argv[2]))
    print(f"applied={done.applied} skipped={done.skipped}")
except Fault as fault:
    print(fault.reason)
"""


def plan_of(folder: Path, *texts: str) -> Plan:
    """A plan of numbered files with these texts, freshly written."""
    for number, text in enumerate(texts, start=1):
        (folder / f"{number:04d}_step.sql").write_text(text, encoding="utf-8")
    return read_plan.fn(str(folder))


def apply(plan: Plan, lock_wait_s: float = 10) -> Applied:
    return apply_plan.fn(DSN, plan, lock_wait_s=lock_wait_s)


def verify(plan: Plan, *tables: str) -> str:
    return judge_database(plan, look_at_database.fn(DSN, plan, tables)).line


def applier(folder: Path | str, lock_wait_s: float = 10) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _APPLIER, str(folder), str(lock_wait_s)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
