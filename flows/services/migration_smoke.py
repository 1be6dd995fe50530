"""Do the migrations make a fresh machine's databases exactly what the plan promises?"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from flows.services.run_migrations import run_migrations
from tasks.plans import read_plan
from tasks.procedure import part, procedure
from tasks.rules.contracts.smoke import MIGRATION_SMOKE
from tasks.rules.outcome import Outcome, Status
from tasks.rules.services.migrations import Role
from tasks.services.migration_smoke import compare_with_plan, fresh_places

Scratch = Annotated[str, Field(min_length=1, description="Named after it, in a fresh folder beside; never touched.")]
MigrationDir = Annotated[str, Field(min_length=1, description="The folder of the plans runtime/ and webhook/.")]


@procedure(MIGRATION_SMOKE, run_name=run_named("migration-smoke"))
def migration_smoke(
    runtime_db: Scratch = ".smoke/runtime.db",
    webhook_db: Scratch = ".smoke/webhook.db",
    migration_dir: MigrationDir = "migrations",
) -> Outcome:
    """Run the migrations twice on two databases that were not there, and compare ledger, tables and indexes.

    Runbook 003, Release Checklist, 3. The second run must do nothing. If it fails: the lines of run_migrations say
    at which file; not_repeatable, ledger_differs and schema_differs: a migration does not do what its plan says.

    Safety: works in a fresh folder beside the asked files, which are never touched, and removes it at the end.
    """
    with fresh_places(Path(runtime_db), Path(webhook_db)) as places:
        first = _migrated(places, migration_dir)
        if first.status is not Status.OK:
            return MIGRATION_SMOKE.says(Status.FAIL, first.reason)
        again = _migrated(places, migration_dir)
        if again.status is not Status.OK or again.fields["applied"]:
            return MIGRATION_SMOKE.says(Status.FAIL, "not_repeatable", again=again.fields.get("applied"))
        applied = sum(
            compare_with_plan(role, path, read_plan(f"{migration_dir}/{role}")) for role, path in places.items()
        )
    return MIGRATION_SMOKE.says(Status.OK, applied=applied, again=0)


def _migrated(places: dict[Role, Path], migration_dir: str) -> Outcome:
    return part(
        run_migrations,
        runtime_db=str(places[Role.RUNTIME]),
        webhook_db=str(places[Role.WEBHOOK]),
        create=True,
        migration_dir=migration_dir,
    )
