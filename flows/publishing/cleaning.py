"""The parts of a cleanup: the plan, the approval of what goes for good, and the plan carried out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.approvals.asking import await_approval
from tasks.approvals.requests import consume
from tasks.clock import frozen_now, utc_now
from tasks.evidence import show_table
from tasks.procedure import tell
from tasks.progress import progress
from tasks.publishing.cleanup.looking import Grounds
from tasks.publishing.cleanup.remote import GiteaRemote
from tasks.publishing.cleanup.run import (
    archive_project,
    delete_project,
    finish_unfinished,
    read_cleanup_clocks,
    read_plan,
    would_move,
    write_report,
)
from tasks.publishing.registry import open_registry, sole_publisher
from tasks.rules.approval import Asked as Approval
from tasks.rules.faults import Misconfigured, Refused
from tasks.rules.publishing.cleanup import Act, Choice, Judged, Limits, Plan, digest_of
from tasks.rules.publishing.cleanup_lines import (
    Asked,
    Done,
    Finished,
    done_line,
    finished_line,
    needs_approval,
    plan_lines,
    report_of,
    table_of,
)
from tasks.rules.publishing.registry import Entry
from tasks.rules.retention import clock_problem
from tasks.settings.publishing import missing_gitea_settings
from tasks.step import StepFailed

ACTION, HOLDER = "project-cleanup", "project-cleanup"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run is about, the same from its plan to its end."""

    grounds: Grounds
    choice: Choice
    limits: Limits


def show_plan(plan: Plan) -> None:
    """A line for each project, with the rule that kept or chose it."""
    for line in plan_lines(plan):
        tell(line)


def show_end(scope: Scope, plan: Plan, done: Sequence[Done], *, execute: bool) -> None:
    """The table in the UI, and the lists as the runbook's program printed them."""
    show_table("project-cleanup", table_of(plan, done if execute else ()), "What became of each project, and why")
    lists = done if execute else would_move(scope.grounds, plan, utc_now())
    write_report(report_of(plan, scope.limits, lists, execute=execute))


def digest_for(scope: Scope, plan: Plan) -> str | None:
    """What two people approve; None when nothing goes for good."""
    deletions = plan.chosen(Act.DELETE)
    return digest_of(str(scope.grounds.root), deletions) if deletions else None


def finish_what_was_left(scope: Scope) -> list[Finished]:
    """What a killed run left under way is finished before anything new is planned."""
    with sole_publisher(scope.grounds.root, HOLDER):
        finished: list[Finished] = finish_unfinished(scope.grounds, utc_now())
    for one in finished:
        tell(finished_line(one))
    return finished


def check_clock(scope: Scope, entries: Sequence[Entry], now: datetime) -> None:
    """Nothing is judged by age while our clock is not the database server's, or is behind what was written before."""
    clocks = read_cleanup_clocks(scope.grounds, entries, now)
    if problem := clock_problem(clocks, frozen=frozen_now() is not None):
        raise Refused(problem, "set the machine's clock, then start again")


def check_credentials(plan: Plan) -> None:
    """Each step asks the remote first, so it is known before the first one that it can be asked."""
    if plan.going and (missing := missing_gitea_settings()):
        raise Misconfigured("missing_env", f"set {', '.join(missing)} in the environment", env=missing)


def ask_two_people(scope: Scope, asked: Asked, plan: Plan) -> Approval | None:
    """The request that two operators have signed for these deletions; None where nobody has to."""
    digest = digest_for(scope, plan)
    if digest is None or not needs_approval(asked, plan):
        return None
    return await_approval(ACTION, digest, f"delete={len(plan.chosen(Act.DELETE))}")


def carry_out(scope: Scope, plan: Plan, approval: Approval | None) -> list[Done]:
    """The plan, if it is still the same, one project after the other; one that is refused stops no other."""
    with sole_publisher(scope.grounds.root, HOLDER):
        now = utc_now()
        again = read_plan(scope.grounds, open_registry(scope.grounds.root, now), scope.choice, scope.limits, now)
        if [(one.entry, one.act) for one in again.going] != [(one.entry, one.act) for one in plan.going]:
            raise Refused("plan_changed", "something changed since the plan was shown; start again")
        if approval:
            consume(approval.number, ACTION, str(digest_for(scope, again)), utc_now())
        return _steps(scope, again)


def _steps(scope: Scope, plan: Plan) -> list[Done]:
    remote, done = GiteaRemote(), list[Done]()
    with progress("project-cleanup", len(plan.going)) as advance:
        for one in plan.going:
            locked_out = any(end.reason == "gitea_unauthorised" for end in done)
            done.append(_locked_out(one) if locked_out else _step(scope, one, remote))
            tell(done_line(done[-1]))
            advance(1)
    return done


def _locked_out(one: Judged) -> Done:
    """Gitea takes our login no more: asking on would only lock it."""
    return Done(one.entry, one.act, reason="gitea_unauthorised")


def _step(scope: Scope, one: Judged, remote: GiteaRemote) -> Done:
    act = archive_project if one.act is Act.ARCHIVE else delete_project
    try:
        done: Done = act(scope.grounds, one, remote, scope.limits, utc_now())
    except StepFailed:
        return Done(one.entry, one.act, reason="crash")
    return done
