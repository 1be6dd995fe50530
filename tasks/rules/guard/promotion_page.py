"""The page of a promotion: what two people sign and what it rests on, for eyes at three in the morning.

Pure (runbook 002, Live Guard & Confirm).
"""

from collections.abc import Mapping, Sequence

from tasks.rules.approval import plan_hash_of
from tasks.rules.artifacts import Json
from tasks.rules.guard.promotion import Plan, phrase_for
from tasks.rules.guard.promotion_checklist import Item, Word, blocking

_LONGEST = 80


def page_of(plan: Plan, items: Sequence[Item]) -> list[str]:
    """The lines of the page: the confirmation or what blocks, then what is signed, then the checklist."""
    return [f"## {plan.source} to {plan.target}", "", *_head(plan, items), "", *_signed(plan), "", *_checklist(items)]


def _head(plan: Plan, items: Sequence[Item]) -> list[str]:
    if blocked := blocking(items):
        return ["**Blocked: nothing can be signed.**", "", *(f"- {_code(one)}" for one in blocked)]
    phrase = phrase_for(plan.target, plan_hash_of(plan.as_data()))
    return [f"**LIVE_CONFIRM** `{phrase}`", "", "Two operators type it, each with a code of their own."]


def _signed(plan: Plan) -> list[str]:
    limits = plan.limits
    caps = limits.get("caps")
    rows = {
        "runtime": f"{_code(plan.runtime)}, which says that it runs {_code(plan.profile)}",
        "starts anew": _restart(plan.environment),
        "commit": _code(plan.commit) if plan.commit else "any",
        "release": _code(limits.get("release")) or "not said",
        "order size": f"{_code(limits.get('order_notional_usdt'))} USDT",
        "risk limits": "active" if limits.get("enabled") is True else "**off**",
        **{f"limit {_word(name)}": _code(value) for name, value in sorted(_mapping(caps).items())},
        "plan": _code(plan_hash_of(plan.as_data())),
    }
    table = [f"| {name} | {value} |" for name, value in rows.items()]
    return ["### What is signed", "", "Any change of it voids the signatures.", "", "| | |", "|---|---|", *table]


def _restart(environment: str) -> str:
    if environment == "by_operator":
        return "by an operator, for whom the run waits"
    return f"with the env file of SHA-256 {_code(environment[:16])}"


def _checklist(items: Sequence[Item]) -> list[str]:
    table = [
        f"| {one.gate.name} | {_standing(one)} | {one.gate.evidence} | {_age(one.age_s)} | {_code(one.why)} |"
        for one in items
    ]
    return ["### Checklist", "", "| item | state | evidence | age | why |", "|---|---|---|---|---|", *table]


def _standing(item: Item) -> str:
    if item.waiver:
        return f"waived by {_word(item.waiver.approver)}"
    return item.word.value if item.word is Word.PASS else f"**{item.word}**"


def _age(seconds: int | None) -> str:
    if not seconds:
        return "" if seconds is None else "now"
    return f"{seconds // 3600} h" if seconds >= 3600 else f"{-(-seconds // 60)} min"


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _code(value: object) -> str:
    """A value as it is, and no Markdown of its own: some of them are what the runtime says of itself."""
    word = _word("" if value is None else value)
    return f"`{word}`" if word else ""


def _word(value: object) -> str:
    return "".join(one for one in str(value) if one.isascii() and one.isprintable() and one not in "`|<>[]")[
        :_LONGEST
    ]
