"""The trading runtime one stage further, by a checklist, two people and a typed confirmation; or down at once."""

import functools
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flows.guard.promotion_down import go_down, go_down_from_silence
from flows.guard.promotion_plan import Ask, Waits, plan_promotion, plan_words, said, show_plan
from flows.guard.promotion_steps import apply, ended_by_refusal, moved, note, sign
from flows.guard.readiness import BaseUrl
from flows.naming import run_named
from tasks.approvals.terminal import run_id
from tasks.clock import utc_now
from tasks.procedure import procedure
from tasks.rules.approval import plan_hash_of
from tasks.rules.contracts.promotion import LIVE_PROMOTION
from tasks.rules.guard.promotion import LONGEST_TO_SIGN, Stage, Standing, Way, stage_of, way_to
from tasks.rules.guard.promotion_checklist import blocking
from tasks.rules.outcome import Outcome, Status, Value
from tasks.runtime.guarding import read_guard
from tasks.runtime.promotions import has_open, open_promotion
from tasks.runtime.reading import is_silent, read_state
from tasks.runtime.stages import find_place
from tasks.runtime.waiting import is_runtime_named
from tasks.settings.guard import runtime_address

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
    Field(
        max_length=300,
        description="Its env file at that stage; <stage>.env beside the declaration, whose file becomes a link.",
    ),
]
SignSeconds = Annotated[
    int,
    Field(ge=10, le=LONGEST_TO_SIGN, description="How long both people have to sign; shorter only for a rehearsal."),
]
WaitSeconds = Annotated[int, Field(ge=0, le=7200, description="How long a restart, or its operator, is waited for.")]
ReadySeconds = Annotated[int, Field(ge=0, le=3600, description="How long a live runtime may take to become ready.")]


@procedure(LIVE_PROMOTION, run_name=run_named("live-promotion", "to"))
def live_promotion(  # noqa: PLR0913, PLR0917  what is promoted, where it is declared, and how long it may take
    to: To,
    execute: Execute = False,
    commit: Commit = "",
    checklist: Checklist = "promotion.toml",
    service: ServiceName = "runtime",
    config: Config = "services.toml",
    env_file: EnvFile = "",
    sign_within_s: SignSeconds = LONGEST_TO_SIGN,
    restart_wait_s: WaitSeconds = 900,
    ready_wait_s: ReadySeconds = 120,
    base_url: BaseUrl = "",
) -> Outcome:
    """Bring the trading runtime to the next stage: paper, testnet, live-canary, live. Or down, at once.

    Runbook 002, Live Guard & Confirm and Rollback & Release. The checklist is judged, every reason listed; the plan
    is shown (Artifacts, live-promotion-plan); two different operators sign exactly that plan within 15 minutes
    (Resume, in the menu of the suspended run), each typing LIVE_CONFIRM as the plan shows it. Then all of it is
    judged again. The runtime is held, started anew with the file of its stage (by its declaration, or by an operator,
    who is waited for), seen there, and for a live stage its own two-man toggle is opened. It stays in HOLD and safe
    mode. If it fails: the lines name every item that blocks; a promotion that fails on the way is taken back. Every
    step stands in the shift log.

    Safety: nothing changes before both signatures; any change of the plan voids them. Killed at any step, the runtime
    is held or as it was. A way down needs nobody: hold first, then the restart. A declared runtime that does not
    answer can go to paper all the same: its processes are ended.
    """
    if not (base_url or is_runtime_named()):
        return LIVE_PROMOTION.says(Status.NOT_CONFIGURED, "missing_runtime_url", env=("RUNTIME_URL",))
    base, target = runtime_address(base_url).root, Stage(to)
    with ended_by_refusal():
        staged = find_place(Path(config), service, env_file or f"{to}.env", base)
        asked = functools.partial(
            Ask,
            base=base,
            target=target,
            commit=commit,
            papers=Path(checklist),
            service=service,
            staged=staged,
            waits=Waits(sign_within_s, restart_wait_s, ready_wait_s),
        )
        if execute and staged and target is Stage.PAPER and is_silent(base):
            return go_down_from_silence(asked(here=target, way=Way.DOWN), staged)
        seen, guard = read_state(base), read_guard(base)
        here = stage_of(seen.category, canary=seen.canary)
        way = way_to(target, here, guard_open=guard.is_open)
    ask = asked(here=here, way=way)
    if way is Way.THERE and not (execute and has_open(ask.runtime)):
        return LIVE_PROMOTION.says(Status.SKIPPED, "already_there", source=here.value, target=to, now=seen.word)
    if way in (Way.DOWN, Way.THERE):
        return go_down(ask) if execute else said(ask, Status.PLANNED, None, {})
    return _up(ask) if execute else _shown(ask)


def _shown(ask: Ask) -> Outcome:
    """The checklist and the plan, and nothing written or asked."""
    plan, items = plan_promotion(ask)
    show_plan(plan, items)
    blocked = blocking(items)
    return said(ask, Status.FAIL if blocked else Status.PLANNED, None, plan_words(plan, blocked))


def _up(ask: Ask) -> Outcome:
    promotion = open_promotion(ask.runtime, ask.here, ask.target, run_id(), utc_now(), ask.waits.to_sign)
    note(promotion, Standing.CHECKLIST_OPEN)
    with ended_by_refusal(promotion):
        moved(promotion, Standing.GATES_RUNNING)
        plan, items = plan_promotion(ask)
        page = show_plan(plan, items)
        if blocked := blocking(items):
            moved(promotion, Standing.REJECTED, reason="checklist_blocked")
            return said(ask, Status.FAIL, promotion, plan_words(plan, blocked))
        asked = sign(ask, promotion, plan, page)
    moved(promotion, Standing.APPLYING, asked=asked)
    state, guard = apply(ask, promotion, asked)
    more: dict[str, Value] = {"now": state.word, "guard": guard.state, "plan": plan_hash_of(plan.as_data())}
    more |= {"request": asked.number, "requested_by": asked.requested_by, "approved_by": asked.approved_by}
    return said(ask, Status.OK, promotion, more)
