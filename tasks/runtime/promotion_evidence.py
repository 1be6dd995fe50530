"""What a checklist is judged by: outcomes that procedures left, and what people wrote into its file."""

import logging
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from tasks import operations
from tasks.operations import StoredOutcome
from tasks.rules.approval import is_operator_name
from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.observation import STARTERS, Start, started_it
from tasks.rules.guard.promotion_checklist import DOCUMENTS, Evidence, Gate, Papers, Waiver
from tasks.rules.redaction import looks_secret
from tasks.runtime.promotions import last_applied
from tasks.services.commands import Place, started_at
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")
_NEWEST = 50


@step
def outcomes_for(gates: Sequence[Gate]) -> dict[str, list[Evidence]]:
    """The newest outcomes of every procedure that a gate names, made under a clock that was not frozen."""
    named = {gate.procedure for gate in gates if gate.procedure}
    return {
        name: [_evidence(row) for row in operations.last_outcomes(name, _NEWEST) if not row.frozen]
        for name in sorted(named)
    }


def _evidence(row: StoredOutcome) -> Evidence:
    said = {name: str(row.fields.get(name) or "") for name in ("profile", "commit", "file")}
    codes = tuple(map(str, row.fields.get("codes") or ()))
    return Evidence(row.status, row.at, codes=codes, compared=row.fields.get("compared") is True, **said)


@step
def last_start(runtime: str, service: str, place: Place | None) -> Start | None:
    """When it was started last, by whatever we know of: outcomes, promotions that were applied, our own start of it.

    None if nothing is known: then nobody can say for how long it has been observed.
    """
    known = [
        Start(name, row.at)
        for name in STARTERS
        for row in operations.last_outcomes(name, _NEWEST)
        if started_it(row.status, row.reason, row.fields, service)
    ]
    if applied := last_applied.fn(runtime):
        known.append(Start("live-promotion", applied))
    if place and (started := started_at(place)):
        known.append(Start("declaration", started))
    return max(known, key=lambda one: one.at, default=None)


@step
def read_papers(path: Path, operators: Sequence[str]) -> Papers:
    """The checklist file: `[document.<item>]` with at, by and where; `[waived.<item>]` with reason and approver.

    A file that is not there holds nothing. Whoever is named has to be an operator who may sign.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Papers({}, {})
    except (OSError, ValueError) as wrong:
        log.warning("the checklist file: %s", type(wrong).__name__)
        raise Refused("checklist_unreadable", "correct the checklist file: it is TOML") from None
    documents = {name: _document(row, operators) for name, row in _tables(data, "document") if name in DOCUMENTS}
    waivers = {name: _waiver(row, operators) for name, row in _tables(data, "waived")}
    return Papers(documents, waivers)


def _tables(data: Mapping[str, object], name: str) -> Iterable[tuple[str, Mapping[str, object]]]:
    rows = data.get(name, {})
    if not isinstance(rows, Mapping) or not all(isinstance(row, Mapping) for row in rows.values()):
        raise _wrong()
    return rows.items()


def _document(row: Mapping[str, object], operators: Sequence[str]) -> Evidence:
    at, by, where = row.get("at"), row.get("by"), row.get("where")
    if by not in operators or not isinstance(where, str) or not where.strip():
        raise _wrong()
    if isinstance(at, datetime):
        return Evidence("ok", at if at.tzinfo else at.replace(tzinfo=UTC))
    if isinstance(at, date):
        return Evidence("ok", datetime(at.year, at.month, at.day, tzinfo=UTC))
    raise _wrong()


def _waiver(row: Mapping[str, object], operators: Sequence[str]) -> Waiver:
    reason, approver = row.get("reason"), row.get("approver")
    if not isinstance(reason, str) or not reason.strip() or looks_secret(reason):
        raise _wrong()
    if not isinstance(approver, str) or not is_operator_name(approver) or approver not in operators:
        raise _wrong()
    return Waiver(reason.strip(), approver)


def _wrong() -> Fault:
    return Refused(
        "checklist_invalid",
        "a document has at, by and where, a waiver has reason and approver; by and approver are active operators",
    )
