"""What a triage found, as one line and as a page."""

from collections.abc import Mapping, Sequence

from tasks.rules.artifacts import Json
from tasks.rules.outcome import Value
from tasks.rules.services.triage import NEXT_STEPS, WORDS, Cause, Evidence, TriagePlaybook


def said_of_triage(playbook: TriagePlaybook, causes: Sequence[Cause], evidence: Evidence) -> dict[str, Value]:
    """The fields of the line that the evidence gives."""
    against = (*evidence.database, *evidence.health, *((evidence.fixture,) if evidence.fixture else ()))
    tally = evidence.tally
    return {
        "playbook": playbook.value,
        "cause": causes[0].value,
        "causes": tuple(cause.value for cause in causes) if len(causes) > 1 else None,
        "against": against or None,
        "counts": tuple(f"{word}:{count}" for word, count in sorted(tally.counts.items())) or None,
        "torn": tally.torn or None,
        "limit": evidence.limit,
        "limited_at": evidence.limited_at,
        "timeout_s": evidence.verify_timeout_s if playbook is TriagePlaybook.VERIFICATION_STALL else None,
    }


def evidence_data(said: Mapping[str, Value], missing: Mapping[str, str], cut: Sequence[str]) -> Json:
    """The same for the snapshot of the incident's note."""
    fields = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value}
    logs = {path: f"unavailable: {why}" for path, why in sorted(missing.items())}
    return {**fields, "logs_missing": logs, "logs_read_from_the_end": list(cut)}


def page_of(
    playbook: TriagePlaybook,
    causes: Sequence[Cause],
    said: Mapping[str, Value],
    missing: Sequence[str],
    run: str | None,
) -> list[str]:
    """What an operator reads first: the cause, the next step and its button, the evidence below."""
    lines = [f"# {playbook.value}: {causes[0].value}", "", *(f"- {WORDS[cause]}" for cause in causes), ""]
    follow_up = NEXT_STEPS.get(causes[0])
    if run and follow_up:
        lines += [f"**Next step:** [{follow_up.deployment}]({run}) waits: press Resume there, and it runs.", ""]
    if follow_up and follow_up.command:
        lines += [f"In a terminal: `{follow_up.command}`", ""]
    rows = [f"| {name} | {_shown(value)} |" for name, value in said.items() if value is not None]
    return [*lines, "| evidence | |", "|---|---|", *rows, "", *(f"- not read: `{path}`" for path in missing)]


def _shown(value: Value) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
