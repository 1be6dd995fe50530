"""The trading runtime one stage further, by a checklist, two people and a typed confirmation; or down at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from prefect.runtime import flow_run
from pydantic import Field

from flows.guard.readiness import BaseUrl
from flows.naming import run_named
from tasks.approvals.asking import await_approval
from tasks.approvals.operators import list_operators
from tasks.approvals.requests import consume, denied
from tasks.approvals.terminal import is_by_hand
from tasks.clock import utc_now
from tasks.evidence import show_table
from tasks.procedure import procedure, tell
from tasks.records.shift import record_shift
from tasks.rules.approval import Asked, Problem, phrase_hash_of, plan_hash_of
from tasks.rules.contracts.promotion import LIVE_PROMOTION, PROMOTION_ITEM, PROMOTION_STEP
from tasks.rules.faults import Fault
from tasks.rules.guard.promotion import (
    ACTION,
    TIME_TO_SIGN,
    Item,
    Plan,
    Stage,
    Standing,
    Way,
    blocking,
    checklist_hash,
    ended_by,
    gates_for,
    judged,
    phrase_for,
    stage_of,
    way_to,
)
from tasks.rules.guard.readiness import required_in
from tasks.rules.guard.readiness_verdict import Demand, judge
from tasks.rules.guard.safe_mode import runtime_word
from tasks.rules.guard.state import RuntimeState
from tasks.rules.outcome import Outcome, Status, Value
from tasks.runtime.acts import hold, hold_again
from tasks.runtime.guarding import Guard, can_approve, close_guard, open_guard, read_guard, read_limits
from tasks.runtime.promotion_evidence import environment_digest, outcomes_for, read_papers
from tasks.runtime.promotions import Promotion, close_open, has_open, move, open_promotion
from tasks.runtime.reading import moment, probe, read_runtime_profile, read_state
from tasks.runtime.stages import env_file_at, find_place, held_at, restart_at
from tasks.runtime.waiting import is_runtime_named, ready_within
from tasks.services.commands import Place
from tasks.settings.guard import runtime_address, runtime_settings

To = Annotated[
    Literal["paper", "testnet", "live-canary", "live"],
    Field(description="The stage to go to: the next one, or any lower one, which is always allowed."),
]
Execute = Annotated[
    bool, Field(description="Ask two people and do it. Without it the checklist and the plan are only shown.")
]
Commit = Annotated[
    str,
    Field(pattern=r"^([0-9a-f]{7,40})?$", description="The commit that is promoted; evidence of another is none."),
]
Checklist = Annotated[str, Field(min_length=1, description="The file of documents and waivers, TOML.")]
ServiceName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$", description="The runtime's name in the declaration of services.")
]
Config = Annotated[str, Field(min_length=1, description="The declaration; without one an operator restarts.")]
EnvFile = Annotated[
    str,
    Field(max_length=300, description="The runtime's env file at that stage; <stage>.env beside the declaration."),
]
WaitSeconds = Annotated[int, Field(ge=0, le=7200, description="How long a restart, or its operator, is waited for.")]
ReadySeconds = Annotated[int, Field(ge=0, le=3600, description="How long a live runtime may take to become ready.")]


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for, and where the runtime stands."""

    base: str
    target: Stage
    here: Stage
    way: Way
    commit: str
    papers: Path
    place: Place | None
    restart_wait_s: int
    ready_wait_s: int

    @property
    def runtime(self) -> str:
        return runtime_word(self.base)


@procedure(LIVE_PROMOTION, run_name=run_named("live-promotion", "to"))
def live_promotion(  # noqa: PLR0913, PLR0917  what is promoted, where it is declared, and how long it may take
    to: To,
    execute: Execute = False,
    commit: Commit = "",
    checklist: Checklist = "promotion.toml",
    service: ServiceName = "runtime",
    config: Config = "services.toml",
    env_file: EnvFile = "",
    restart_wait_s: WaitSeconds = 900,
    ready_wait_s: ReadySeconds = 120,
    base_url: BaseUrl = "",
) -> Outcome:
    """Bring the trading runtime to the next stage: paper, testnet, live-canary, live. Or down, at once.

    Runbook 002, Live Guard & Confirm and Rollback & Release. The checklist is judged, every reason listed; the plan
    is shown; two different operators sign exactly that plan within 15 minutes, each typing LIVE_CONFIRM as the plan
    shows it. Then all of it is judged again. The runtime is held, started anew with the file of its stage (by its
    declaration, or by an operator, who is waited for), seen there, and for a live stage its own two-man toggle is
    opened. It stays in HOLD and safe mode. If it fails: the lines name every item that blocks; a promotion that fails
    on the way is taken back. Every step stands in the shift log.

    Safety: nothing changes before both signatures; any change of the plan voids them. Killed at any step, the runtime
    is held or as it was. A way down needs nobody: hold first, then the restart.
    """
    if not (base_url or is_runtime_named()):
        return LIVE_PROMOTION.says(Status.NOT_CONFIGURED, "missing_runtime_url", env=("RUNTIME_URL",))
    base, target = runtime_address(base_url).root, Stage(to)
    seen, guard = read_state(base), read_guard(base)
    here = stage_of(seen.category, canary=seen.canary)
    way = way_to(target, here, guard_open=guard.is_open)
    place = find_place(Path(config), service, env_file or f"{to}.env")
    ask = Ask(base, target, here, way, commit, Path(checklist), place, restart_wait_s, ready_wait_s)
    if way is Way.THERE and not (execute and has_open(ask.runtime)):
        return LIVE_PROMOTION.says(Status.SKIPPED, "already_there", source=here.value, target=to, now=seen.word)
    if way in (Way.DOWN, Way.THERE):
        return _down(ask) if execute else _said(ask, Status.PLANNED, None, {})
    return _up(ask) if execute else _shown(ask)


def _shown(ask: Ask) -> Outcome:
    """The checklist and the plan, and nothing written or asked."""
    plan, items = _planned(ask)
    blocked = _show(plan, items)
    return _said(ask, Status.FAIL if blocked else Status.PLANNED, None, _plan_words(plan, blocked))


def _up(ask: Ask) -> Outcome:
    promotion = open_promotion(ask.runtime, ask.here, ask.target, _run_id(), utc_now())
    _note(promotion, Standing.CHECKLIST_OPEN)
    _moved(promotion, Standing.GATES_RUNNING)
    plan, items = _planned(ask)
    if blocked := _show(plan, items):
        _moved(promotion, Standing.REJECTED, reason="checklist_blocked")
        return _said(ask, Status.FAIL, promotion, _plan_words(plan, blocked))
    asked = _signed(ask, promotion, plan)
    _moved(promotion, Standing.APPLYING, asked=asked)
    state, guard = _applied(ask, promotion, asked)
    more: dict[str, Value] = {"now": state.word, "guard": guard.state, "plan": plan_hash_of(plan.as_data())}
    more |= {"request": asked.number, "requested_by": asked.requested_by, "approved_by": asked.approved_by}
    return _said(ask, Status.OK, promotion, more)


def _planned(ask: Ask) -> tuple[Plan, tuple[Item, ...]]:
    """All facts of this moment, judged; the same facts give the same plan."""
    names = [one.name for one in list_operators(utc_now()) if one.state == "active"]
    items = judged(
        ask.target,
        ask.commit,
        moment(),
        outcomes=outcomes_for(gates_for(ask.target)),
        papers=read_papers(ask.papers, names),
        runtime=_runtime_facts(ask, len(names)),
    )
    environment = environment_digest(env_file_at(ask.place)) if ask.place else "by_operator"
    profile = read_runtime_profile(ask.base)
    checklist, limits = checklist_hash(items), read_limits(ask.base)
    return Plan(ask.target, ask.here, ask.runtime, profile, ask.commit, checklist, environment, limits), items


def _runtime_facts(ask: Ask, operators: int) -> dict[str, str | None]:
    """What is wrong with each gate that the runtime itself is asked for; None where nothing is."""
    state, said = read_state(ask.base), read_runtime_profile(ask.base)
    verdict = judge(probe(ask.base), _demand(), moment())
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


def _demand() -> Demand:
    found = runtime_settings()
    return Demand(required_in(found.readiness_required), found.readiness_ttl_s, hold_may_stand=True)


def _show(plan: Plan, items: tuple[Item, ...]) -> tuple[str, ...]:
    """A line for each item and a table of the plan; what blocks."""
    for one in items:
        tell(
            PROMOTION_ITEM.says(
                Status.FAIL if one.blocks else Status.OK,
                item=one.gate.name,
                state=one.word.value,
                evidence=one.gate.evidence,
                age_s=one.age_s,
                limit_s=one.gate.limit_s,
                why=one.why or None,
                approver=one.waiver.approver if one.waiver else None,
            )
        )
    signed_for = plan_hash_of(plan.as_data())
    rows = [{"what": name, "value": str(value)} for name, value in plan.as_data().items()]
    rows += [
        {"what": "plan", "value": signed_for},
        {"what": "LIVE_CONFIRM", "value": phrase_for(plan.target, signed_for)},
    ]
    rows += [{"what": one.gate.name, "value": f"{one.word} {one.why}".strip()} for one in items]
    show_table("live-promotion-plan", rows, f"{plan.source} to {plan.target}")
    return blocking(items)


def _plan_words(plan: Plan, blocked: tuple[str, ...]) -> dict[str, Value]:
    if blocked:
        return {"blocked": blocked}
    signed_for = plan_hash_of(plan.as_data())
    return {"plan": signed_for, "confirm": phrase_for(plan.target, signed_for)}


def _signed(ask: Ask, promotion: Promotion, plan: Plan) -> Asked:
    """The approval, used up: of two people, in time, for the plan as it still is after they have signed it."""
    signed_for = plan_hash_of(plan.as_data())
    phrase = phrase_for(ask.target, signed_for)
    _moved(promotion, Standing.AWAITING_APPROVAL, plan=plan, confirm_hash=phrase_hash_of(phrase))
    tell(
        PROMOTION_STEP.says(
            Status.OK, promotion=promotion.number, state="awaiting_approval", plan=signed_for, confirm=phrase
        )
    )
    subject = f"from={ask.here} to={ask.target} runtime={ask.runtime} promotion={promotion.number}"
    try:
        asked = await_approval(ACTION, signed_for, subject, within=TIME_TO_SIGN, phrase=phrase)
        again, _ = _planned(ask)
        if plan_hash_of(again.as_data()) != signed_for:
            raise denied((Problem.PLAN_CHANGED,), asked.number)
        consume(asked.number, ACTION, signed_for, utc_now())
    except Fault as fault:
        said = fault.fields.get("reasons")
        reasons = (fault.reason, *(said if isinstance(said, tuple) else ()))
        _moved(promotion, ended_by(reasons), reason=fault.reason)
        raise
    return asked


def _applied(ask: Ask, promotion: Promotion, asked: Asked) -> tuple[RuntimeState, Guard]:
    """Hold, restart, see it there, open the guard; whatever goes wrong on the way is taken back."""
    done = False
    try:
        hold(ask.base, f"{promotion.subject}:{ask.target}", str(asked.requested_by), f"{promotion.subject}:hold")
        _restarted(ask, promotion)
        _moved(promotion, Standing.VERIFYING)
        state = _verified(ask)
        guard = read_guard(ask.base)
        if ask.target.is_live:
            guard = open_guard(ask.base, promotion.subject, f"{promotion.subject}:guard")
        _moved(promotion, Standing.DONE)
        done = True
        return state, guard
    finally:
        if not done:
            _taken_back(ask, promotion)


def _restarted(ask: Ask, promotion: Promotion) -> None:
    if ask.way is not Way.UP:
        return
    if ask.place:
        restart_at(ask.place)
        return
    tell(
        PROMOTION_STEP.says(Status.OK, promotion=promotion.number, state="applying", waits_for="restart_by_operator")
    )


def _verified(ask: Ask) -> RuntimeState:
    """At its new stage, held; for a live one limits that limit something, and ready."""
    state: RuntimeState = held_at(ask.base, ask.target, ask.restart_wait_s)
    if not ask.target.is_live:
        return state
    if not (state.risk_limits_enabled and state.has_caps):
        raise Fault("limits_not_active", "risk limits are off or have no caps: correct the env file")
    _, verdict, _ = ready_within(ask.base, _demand(), ask.ready_wait_s)
    if not verdict.is_ready:
        raise Fault("not_ready_after_start", "watchkeeper readiness --before-canary names what is missing")
    return state


def _taken_back(ask: Ask, promotion: Promotion) -> None:
    """Held and, if it could be live, closed; none of it may hide why."""
    hold_again(ask.base, promotion.subject, f"{promotion.subject}:back")
    if ask.target.is_live:
        _closed_if_possible(ask, promotion)
    try:
        _moved(promotion, Standing.ROLLED_BACK, reason="taken_back")
    except Fault:  # it was closed by somebody who went down meanwhile
        return


def _closed_if_possible(ask: Ask, promotion: Promotion) -> None:
    try:
        close_guard(ask.base, promotion.subject, f"{promotion.subject}:close")
    except Fault:  # a runtime that does not answer trades no more either than its hold lets it
        return


def _down(ask: Ask) -> Outcome:
    """Hold and close first, write it down, then the restart; a journal that is away does not stop it."""
    key = f"down:{ask.runtime}:{utc_now():%Y%m%dT%H%M%SZ}"
    state = hold(ask.base, f"down:{ask.target}", "watchkeeper", key)
    if ask.here.is_live:
        close_guard(ask.base, f"down:{ask.target}", f"{key}:close")
    written = _down_written(ask, key)
    if ask.way is Way.DOWN:
        if ask.place:
            restart_at(ask.place)
        state = held_at(ask.base, ask.target, ask.restart_wait_s)
    more: dict[str, Value] = {"now": state.word, "guard": read_guard(ask.base).state}
    if not written:
        return _said(ask, Status.FAIL, None, more, "journal_not_written")
    return _said(ask, Status.OK, None, more)


def _down_written(ask: Ask, key: str) -> bool:
    try:
        closed = close_open(ask.runtime, "went_down", utc_now())
        subject = f"promotion-{closed}" if closed else None
        record_shift("promotion_down", subject=subject, key=key, source=ask.here.value, target=ask.target.value)
    except Fault:
        return False
    return True


def _moved(promotion: Promotion, to: Standing, **known: object) -> None:
    """The move, and its record in the shift log, before anything of it is done."""
    move(promotion.number, to, utc_now(), **known)
    _note(promotion, to, **known)


def _note(promotion: Promotion, standing: Standing, **known: object) -> None:
    asked, plan = known.get("asked"), known.get("plan")
    facts = {"asked_by": asked.requested_by, "approved_by": asked.approved_by} if isinstance(asked, Asked) else {}
    if isinstance(plan, Plan):
        facts |= {"plan": plan_hash_of(plan.as_data()), "checklist": plan.checklist}
    if confirm := known.get("confirm_hash"):
        facts["confirm"] = str(confirm)
    if reason := known.get("reason"):
        facts["reason"] = str(reason)
    where = {"source": promotion.source.value, "target": promotion.target.value}
    record_shift(
        "promotion",
        subject=promotion.subject,
        key=f"{promotion.subject}:{standing}",
        state=standing.value,
        **where,
        **facts,
    )


def _run_id() -> UUID | None:
    return None if is_by_hand() else UUID(str(flow_run.id))


def _said(
    ask: Ask, status: Status, promotion: Promotion | None, more: dict[str, Value], reason: str | None = None
) -> Outcome:
    blocked = "checklist_blocked" if more.get("blocked") else None
    fields = {"source": ask.here.value, "target": ask.target.value, "way": ask.way.value, **more}
    number = promotion.number if promotion else None
    return LIVE_PROMOTION.says(status, reason or blocked, promotion=number, **fields)
