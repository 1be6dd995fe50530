"""The plan of a promotion: every gate judged from the facts of this moment, shown before anybody is asked."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tasks.approvals.operators import list_operators
from tasks.clock import utc_now
from tasks.evidence import show_page
from tasks.procedure import tell
from tasks.rules.approval import plan_hash_of
from tasks.rules.contracts.promotion import LIVE_PROMOTION, PROMOTION_ITEM
from tasks.rules.guard.promotion import Plan, Stage, Way, phrase_for
from tasks.rules.guard.promotion_checklist import Facts, Item, checklist_hash, gates_for, judged
from tasks.rules.guard.promotion_page import page_of
from tasks.rules.guard.readiness import required_in
from tasks.rules.guard.readiness_verdict import Demand, judge
from tasks.rules.guard.safe_mode import runtime_word
from tasks.rules.outcome import Outcome, Status, Value
from tasks.runtime.environment_files import environment_digest
from tasks.runtime.guarding import can_approve, read_limits
from tasks.runtime.promotion_evidence import last_start, outcomes_for, read_papers
from tasks.runtime.promotions import Promotion
from tasks.runtime.reading import moment, probe, read_runtime_profile, read_state
from tasks.runtime.stages import Staged, env_file_at
from tasks.settings.guard import runtime_settings


@dataclass(frozen=True, slots=True)
class Waits:
    """For how long what is waited for, in seconds."""

    sign_s: int
    restart_s: int
    ready_s: int

    @property
    def to_sign(self) -> timedelta:
        return timedelta(seconds=self.sign_s)


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for, and where the runtime stands."""

    base: str
    target: Stage
    here: Stage
    way: Way
    commit: str
    papers: Path
    service: str
    staged: Staged | None
    waits: Waits

    @property
    def runtime(self) -> str:
        return runtime_word(self.base)


def plan_promotion(ask: Ask) -> tuple[Plan, tuple[Item, ...]]:
    """All facts of this moment, judged; the same facts give the same plan."""
    names = [one.name for one in list_operators(utc_now()) if one.state == "active"]
    environment = environment_digest(env_file_at(ask.staged)) if ask.staged else ""
    facts = Facts(
        outcomes=outcomes_for(gates_for(ask.target)),
        papers=read_papers(ask.papers, names),
        runtime=_runtime_facts(ask, len(names)),
        environment=environment,
        started=last_start(ask.runtime, ask.service, ask.staged.place if ask.staged else None),
    )
    items = judged(ask.target, ask.commit, moment(), facts)
    profile, limits = read_runtime_profile(ask.base), read_limits(ask.base)
    checklist, file = checklist_hash(items), environment or "by_operator"
    return Plan(ask.target, ask.here, ask.runtime, profile, ask.commit, checklist, file, limits), items


def _runtime_facts(ask: Ask, operators: int) -> dict[str, str | None]:
    """What is wrong with each gate that the runtime itself is asked for; None where nothing is."""
    state, said = read_state(ask.base), read_runtime_profile(ask.base)
    verdict = judge(probe(ask.base), demand(), moment())
    limits = state.risk_limits_enabled and state.has_caps
    expected = state.category == ask.here.category and said == state.profile
    return {
        "profile": None if expected else "profile_differs",
        "safe_mode": None if state.safe_mode else "safe_mode_off",
        "readiness": None
        if verdict.is_ready
        else "+".join(one.reason for one in verdict.blockers)[:60] or "not_ready",
        "risk_limits": None if limits else "limits_not_active",
        "two_operators": None if operators > 1 else f"active:{operators}",
        "two_tokens": None if can_approve() else "second_token_missing",
    }


def demand() -> Demand:
    found = runtime_settings()
    return Demand(required_in(found.readiness_required), found.readiness_ttl_s, hold_may_stand=True)


def show_plan(plan: Plan, items: tuple[Item, ...]) -> str | None:
    """A line for each item and a page of the plan; where the page is."""
    for one in items:
        tell(
            PROMOTION_ITEM.says(
                Status.FAIL if one.blocks else Status.OK,
                item=one.gate.name,
                state=one.word.value,
                evidence=one.evidence,
                age_s=one.age_s,
                limit_s=one.gate.limit_s,
                why=one.why or None,
                approver=one.waiver.approver if one.waiver else None,
            )
        )
    return show_page("live-promotion-plan", "\n".join(page_of(plan, items)), f"{plan.source} to {plan.target}")


def plan_words(plan: Plan, blocked: tuple[str, ...]) -> dict[str, Value]:
    if blocked:
        return {"blocked": blocked}
    signed_for = plan_hash_of(plan.as_data())
    return {"plan": signed_for, "confirm": phrase_for(plan.target, signed_for)}


def said(
    ask: Ask, status: Status, promotion: Promotion | None, more: dict[str, Value], reason: str | None = None
) -> Outcome:
    """The line of a promotion: where from, where to, and what came of it."""
    blocked = "checklist_blocked" if more.get("blocked") else None
    fields = {"source": ask.here.value, "target": ask.target.value, "way": ask.way.value, **more}
    number = promotion.number if promotion else None
    return LIVE_PROMOTION.says(status, reason or blocked, promotion=number, **fields)
