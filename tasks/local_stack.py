"""What `watchkeeper --local` works on: the embedded databases of this folder and, if it is up, the stack's server."""

from pathlib import Path

import psycopg
from dotenv import dotenv_values

from tasks.embedded import HOME, local_dsns
from tasks.settings import OPERATIONS_DSN, dsn_named, fill_in

OPERATIONS_PLAN = "migrations/operations"


def use_local_stack() -> None:
    """Let this process see what the stack's processes see, as far as its environment says nothing else."""
    chosen = local_environment()
    fill_in(chosen)
    if dsn_named(OPERATIONS_DSN).get_secret_value() == chosen[OPERATIONS_DSN]:
        ensure_memory(chosen[OPERATIONS_DSN])


def local_environment() -> dict[str, str]:
    """The DSNs of the embedded databases and where the stack's Prefect server was started, by variable name."""
    written = dotenv_values(Path.cwd() / HOME / "env", interpolate=False)
    server = {name: value for name, value in written.items() if value and name.startswith("PREFECT_")}
    return {**server, **local_dsns()}


def ensure_memory(dsn: str) -> None:
    """Give a fresh embedded operations database its tables, so that the first outcome can be stored.

    Prefect is imported here and not above: it reads its settings then, and the stack's must be filled in before.
    """
    from tasks.migrations import apply_plan
    from tasks.plans import read_plan
    from tasks.step import without_server

    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT to_regclass('outcomes') IS NOT NULL").fetchone()
    if not (row and row[0]):
        with without_server():
            apply_plan(OPERATIONS_DSN, read_plan(OPERATIONS_PLAN), holder="local")
