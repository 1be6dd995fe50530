"""A promotion's world for the tests: evidence of yesterday, a checklist file, and two people at a terminal."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from tasks import operations
from tasks.operations import StoredOutcome
from tasks.rules.guard.promotion import Stage
from tasks.rules.guard.promotion_checklist import gates_for
from tasks.runtime.promotions import PromotionRow
from tests.people import typing

PAPERS = """
[document.idempotency_windows]
at = {day}
by = "alice"
where = "docs/windows.md"
[document.cooldown_windows]
at = {day}
by = "alice"
where = "docs/windows.md"
[document.experimental_flags_off]
at = {day}
by = "bob"
where = "docs/flags.md"
"""


def remember(procedure, *, status="ok", hours=1.0, **fields):
    """An outcome of that procedure, so many hours ago."""
    with operations.session() as active:
        active.add(
            StoredOutcome(
                at=datetime.now(UTC) - timedelta(hours=hours),
                procedure=procedure,
                token=procedure.replace("-", "_"),
                status=status,
                exit_code=0,
                line=f"{procedure} status={status}",
                lines=[],
                fields=fields,
            )
        )


def long_ago(hours=3.0):
    """Whatever was promoted so far was promoted that long ago, and has been observed since."""
    before, promoted = timedelta(hours=hours), StoredOutcome.procedure == "live-promotion"
    with operations.session() as active:
        active.execute(update(PromotionRow).values(changed_at=PromotionRow.changed_at - before))
        active.execute(update(StoredOutcome).where(promoted).values(at=StoredOutcome.at - before))


def all_good(target, folder):
    """Everything that the target's gates ask outcomes and documents for, of a runtime that was started before."""
    long_ago()
    remember("service-restart", hours=2.0, service="runtime", healthy_s=0.5)
    for gate in gates_for(Stage(target)):
        if gate.procedure:
            about = {"profile": gate.profile, "compared": True} if gate.profile else {}
            remember(gate.procedure, **about)
    (folder / "promotion.toml").write_text(PAPERS.format(day=datetime.now(UTC).date()))


def signing(monkeypatch, people, phrase):
    """Two people who type name, code and confirmation."""
    first, second = people
    return typing(
        monkeypatch,
        ("who asks", first.name),
        ("code of", lambda _: first.code()),
        ("LIVE_CONFIRM", lambda _: phrase()),
        ("who approves", second.name),
        ("code of", lambda _: second.code()),
        ("LIVE_CONFIRM", lambda _: phrase()),
    )
