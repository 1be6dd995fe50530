"""The databases of the API and of the webhook server, brought to the head of their plans before a release."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.plans import read_plan
from tasks.procedure import failed, procedure, tell
from tasks.rules.contracts.services import RUN_MIGRATIONS, RUN_MIGRATIONS_DATABASE
from tasks.rules.faults import Fault
from tasks.rules.outcome import Outcome
from tasks.rules.services.migration_lines import done, plan_invalid, summed
from tasks.rules.services.migrations import Role
from tasks.services.migrating import Place, check_places, migrate, plan_migration
from tasks.settings.services import service_settings

RUNTIME_DB, WEBHOOK_DB = "orket_persistence.db", ".orket/webhook.db"

RuntimeDb = Annotated[
    str | None,
    Field(pattern=r"^[^\x00]+$", description=f"The API's database; ORKET_RUNTIME_DB or {RUNTIME_DB}."),
]
WebhookDb = Annotated[
    str | None,
    Field(pattern=r"^[^\x00]+$", description=f"The webhook server's database; ORKET_WEBHOOK_DB or {WEBHOOK_DB}."),
]
DryRun = Annotated[bool, Field(description="Only say what would be done; nothing is written.")]
Create = Annotated[bool, Field(description="Make a database that is not there, in a folder that is.")]
KeepCopies = Annotated[int, Field(ge=1, le=100, description="Copies made before a change that are kept.")]
LockWait = Annotated[
    int, Field(ge=0, le=600, description="Seconds to wait for another run or for a service that writes.")
]
MigrationDir = Annotated[str, Field(min_length=1, description="The folder of the plans runtime/ and webhook/.")]


@procedure(RUN_MIGRATIONS, run_name=run_named("run-migrations", "dry_run"))
def run_migrations(
    runtime_db: RuntimeDb = None,
    webhook_db: WebhookDb = None,
    dry_run: DryRun = False,
    create: Create = False,
    keep_copies: KeepCopies = 5,
    lock_wait_s: LockWait = 10,
    migration_dir: MigrationDir = "migrations",
) -> Outcome:
    """Bring the runtime and the webhook database to the head of their plans, each on its own; a fresh machine works.

    Runbook 003, Database Migrations. Each file is one transaction with its ledger row, after a copy of the database;
    what the earlier program made is taken over as it is. Refused: a plan with a gap, an applied file that was edited,
    a ledger row nobody knows, a schema of another shape, a second run, and a path that leads to nothing: a new
    database is made only at the default place, or with --create in a folder that is there.
    If it fails: `migration=` names the file and `sqlite=` the cause; correct what it met and start again. The copy
    that `copy=` names lies in the folder `<database>.copies` beside the database.

    Safety: --dry-run only reads. Safe to start twice and safe to kill; one at a time for each database.
    """
    places = _places(runtime_db, webhook_db, create)
    check_places(*places)
    said = {
        place.role: tell(_one(place, f"{migration_dir}/{place.role}", dry_run, keep_copies, lock_wait_s))
        for place in places
    }
    return summed(said, dry_run=dry_run)


def _one(place: Place, plan_folder: str, dry_run: bool, keep_copies: int, lock_wait_s: int) -> Outcome:
    """The line of one database; whatever is wrong with it does not reach the other."""
    plan = read_plan(plan_folder)
    if plan.problems:
        return plan_invalid(place.role, plan)
    try:
        if dry_run:
            result = plan_migration(place, plan)
        else:
            result = migrate(place, plan, keep_copies=keep_copies, lock_wait_s=lock_wait_s)
    except Fault as fault:
        return failed(RUN_MIGRATIONS_DATABASE, fault, database=place.role.value)
    return done(place.role, result, dry_run=dry_run)


def _places(runtime_db: str | None, webhook_db: str | None, create: bool) -> tuple[Place, Place]:
    settings = service_settings()
    return (
        _place(Role.RUNTIME, runtime_db or settings.runtime_db or RUNTIME_DB, RUNTIME_DB, create),
        _place(Role.WEBHOOK, webhook_db or settings.webhook_db or WEBHOOK_DB, WEBHOOK_DB, create),
    )


def _place(role: Role, path: str, default: str, create: bool) -> Place:
    is_default = path == default
    return Place(role, Path(path), may_create=create or is_default, may_create_folder=is_default)
