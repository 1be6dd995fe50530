"""What a cleanup may do at all, and how its plan and its end are told (runbook 003, Local Space Conservation)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasks.rules.artifacts import Json
from tasks.rules.contracts.project_cleanup import PROJECT_CLEANUP, PROJECT_CLEANUP_PROJECT
from tasks.rules.outcome import Outcome, Status, Value
from tasks.rules.publishing.cleanup import DAY_S, Act, Judged, Limits, Plan, Rule
from tasks.rules.publishing.registry import Entry
from tasks.rules.splitting.names import printable

_LEFT = (Rule.GIT_DIRTY, Rule.NESTED_REPOSITORY)
Row = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """How the run was started: by a deployment, by its schedule, and whether the environment wants cleanups there."""

    execute: bool
    by_deployment: bool
    by_schedule: bool
    enabled: bool


def refusal(asked: Asked) -> Outcome | None:
    """Why this run does not even look; None if it may."""
    if asked.execute and asked.by_deployment and not asked.enabled:
        return PROJECT_CLEANUP.says(Status.SKIPPED, "cleanup_disabled", env=("ENABLE_PROJECT_LOCAL_CLEANUP",))
    return None


def needs_approval(asked: Asked, plan: Plan) -> bool:
    """Two people for a run that deletes for good, unless the schedule that was switched on does it."""
    return bool(plan.chosen(Act.DELETE)) and not asked.by_schedule


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one step: where the folder was and is, how many bytes that is, or why it was refused."""

    entry: Entry
    act: Act
    source: str | None = None
    target: str | None = None
    size: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A step of a run that was killed: brought to its end or taken back, or why neither was possible."""

    key: tuple[str, str]
    reason: str | None = None


def plan_lines(plan: Plan) -> Iterable[Outcome]:
    """A line for each project, with the rule that kept or chose it."""
    for one in plan.judged:
        status = Status.SKIPPED if one.act is Act.KEEP else Status.PLANNED
        yield PROJECT_CLEANUP_PROJECT.says(status, None, **_fields(one))


def _fields(one: Judged) -> dict[str, Value]:
    return {
        "project": printable(one.entry.prefix),
        "action": one.act.value,
        "rule": one.rule.value,
        "age_days": None if one.age_s is None else max(0, one.age_s // DAY_S),
    }


def done_line(done: Done) -> Outcome:
    """What became of one project."""
    return PROJECT_CLEANUP_PROJECT.says(
        Status.FAIL if done.reason else Status.OK,
        done.reason,
        project=printable(done.entry.prefix),
        action=done.act.value,
        to=printable(done.target.rpartition("/")[2]) if done.target else None,
    )


def finished_line(finished: Finished) -> Outcome:
    """What became of a step that a killed run had left."""
    return PROJECT_CLEANUP_PROJECT.says(
        Status.FAIL if finished.reason else Status.OK,
        finished.reason,
        project=printable("/".join(finished.key)),
        action="finish",
    )


def refused(plan: Plan, limits: Limits, reason: str) -> Outcome:
    """The last line of a run that did nothing."""
    return PROJECT_CLEANUP.says(Status.FAIL, reason, **_counts(plan, limits, "execute"))


def planned(plan: Plan, limits: Limits, reason: str | None, plan_digest: str | None, report: str) -> Outcome:
    """The last line of a dry run: not good when the run would be refused, or somebody has to look."""
    reasons = [reason] if reason else []
    reasons += [rule.value for rule in plan.attention]
    why = reason or ("attention_needed" if reasons else None)
    return PROJECT_CLEANUP.says(
        Status.FAIL if why else Status.PLANNED,
        why,
        **_counts(plan, limits, "dry_run"),
        skipped=sum(plan.kept_by(rule) for rule in _LEFT),
        reasons=tuple(reasons) or None,
        plan=plan_digest,
        report=report,
    )


def cleaned(plan: Plan, limits: Limits, done: Sequence[Done], finished: Sequence[Finished], report: str) -> Outcome:
    """The last line of a run: good when all that was due was done and nothing waits for a person."""
    failed = [one.reason for one in done if one.reason]
    stuck = [one.reason for one in finished if one.reason]
    why = "not_cleaned" if failed else "not_finished" if stuck else "attention_needed" if plan.attention else None
    words = dict.fromkeys((*failed, *stuck, *(rule.value for rule in plan.attention)))
    return PROJECT_CLEANUP.says(
        Status.FAIL if why else Status.OK,
        why,
        **_counts(plan, limits, "execute"),
        archived=_ended(done, Act.ARCHIVE),
        deleted=_ended(done, Act.DELETE),
        skipped=len(failed) + sum(plan.kept_by(rule) for rule in _LEFT),
        finished=len(finished) - len(stuck) or None,
        freed_bytes=sum(one.size for one in done if not one.reason and one.act is Act.DELETE),
        reasons=tuple(words) or None,
        report=report,
    )


def _ended(done: Sequence[Done], act: Act) -> int:
    return sum(one.act is act and not one.reason for one in done)


def _counts(plan: Plan, limits: Limits, mode: str) -> dict[str, Value]:
    return {
        "mode": mode,
        "archive_days": limits.archive_days,
        "hard_delete_days": limits.delete_days,
        "checked": len(plan.judged),
        "archive": len(plan.chosen(Act.ARCHIVE)),
        "delete": len(plan.chosen(Act.DELETE)),
    }


def report_of(plan: Plan, limits: Limits, done: Sequence[Done], *, execute: bool) -> Json:
    """The lists as the runbook's program printed them; in a dry run they say what would be done."""
    archived = [one for one in done if one.act is Act.ARCHIVE and not one.reason]
    deleted = [one for one in done if one.act is Act.DELETE and not one.reason]
    skipped = [(one.entry, one.rule.value) for one in plan.chosen(Act.KEEP)]
    skipped += [(one.entry, one.reason) for one in done if one.reason]
    return {
        "archived": [{"project": one.entry.project_name, "from": one.source, "to": one.target} for one in archived],
        "deleted": [{"project": one.entry.project_name, "path": one.source} for one in deleted],
        "skipped": [{"project": entry.project_name, "reason": reason} for entry, reason in skipped],
        "execute": execute,
        "archive_days": limits.archive_days,
        "hard_delete_days": limits.delete_days,
    }


def table_of(plan: Plan, done: Sequence[Done]) -> list[Row]:
    """Every project with its verdict and what became of it."""
    ends = {one.entry.key: one.reason or "done" for one in done}
    return [
        {
            "project": printable(one.entry.prefix),
            "action": one.act.value,
            "rule": one.rule.value,
            "days": None if one.age_s is None else max(0, one.age_s // DAY_S),
            "result": ends.get(one.entry.key, "planned" if one.act is not Act.KEEP else ""),
        }
        for one in plan.judged
    ]
