"""What is wrong with an environment that a runtime is to be started with, before it is started.

Runbook 002, "ENV & Flags" and the quick starts; spec 002, 2.4. Pure: assignments in, findings out. A finding has a
code, the variable, a severity and a hint, and never a value; keys are compared by their digests.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from tasks.rules.contracts.environment import ENV_CHECK, ENV_FINDING
from tasks.rules.guard.hints import HINTS
from tasks.rules.guard.profiles import LIMITS, PROFILE_VARIABLES, STAGES, Profile, profile_of, wrong_hosts
from tasks.rules.guard.values import number_in, problem_with
from tasks.rules.guard.variable import Holds
from tasks.rules.guard.variables import CONFIRM, GUARDS, KNOWN, is_live_key, is_test_key, variables
from tasks.rules.outcome import Outcome, Status


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line of a file of variables; what was assigned stays out of every text about it."""

    name: str
    value: str = field(repr=False)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """An environment that was read: its assignments, the keys in its store, the keys of another profile's file.

    `bad_lines` are lines that assign nothing; `unwritable` and `exposed` name the variables whose file cannot be
    written, or can be read by others. `in_store` is what is wrong in the secrets store: codes with hints.
    """

    assignments: tuple[Assignment, ...]
    stored: tuple[Assignment, ...] = ()
    other: tuple[Assignment, ...] = ()
    bad_lines: tuple[int, ...] = ()
    unwritable: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    in_store: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    variable: str
    severity: Severity
    hint: str

    def shown(self) -> dict[str, str]:
        return {"severity": self.severity.value, "variable": self.variable, "code": self.code, "hint": self.hint}


_WARNINGS = ("unknown_variable", "safe_mode_off", "over_limit", "rotation_due", "rotation_unknown", "bad_operator")
_LIMITED = {
    "MAX_TOTAL_NOTIONAL_USDT": "total_notional",
    "MAX_NOTIONAL_PER_POSITION_USDT": "single_position",
    "DAILY_LOSS_CAP_USDT": "daily_loss",
}
_STORE = {
    "binance_key": ("BINANCE_UM_API_KEY_TESTNET", "BINANCE_LV_API_KEY"),
    "binance_secret": ("BINANCE_UM_API_SECRET_TESTNET", "BINANCE_LV_API_SECRET"),
    "okx_key": ("OKX_API_KEY_TESTNET", "OKX_API_KEY"),
    "okx_secret": ("OKX_API_SECRET_TESTNET", "OKX_API_SECRET"),
    "okx_passphrase": ("OKX_API_PASSPHRASE_TESTNET", "OKX_API_PASSPHRASE"),
    "approve_token": ("APPROVE_TOKEN", "APPROVE_TOKEN"),
}
# What must be there once a switch is on: of each group one name at least.
_IF_ON = {
    "TELEGRAM_ENABLE": (("TELEGRAM_BOT_TOKEN",), ("TELEGRAM_CHAT_ID",)),
    "AUTO_HEDGE_ENABLED": tuple(names for slot, names in _STORE.items() if slot != "approve_token"),
}


def assigned(environment: Mapping[str, str]) -> tuple[Assignment, ...]:
    """A process environment as assignments: only of variables the runtime knows, for it holds many others."""
    return tuple(Assignment(name, environment[name]) for name in sorted(environment) if name in KNOWN)


def findings(profile: Profile, given: Given) -> tuple[Finding, ...]:
    """All that speaks against starting `profile` with what was given; errors first, then by variable."""
    values = {one.name: one.value.strip() for one in (*given.stored, *given.assignments) if one.value.strip()}
    found = {
        *(_said("bad_line", f"line_{line}") for line in given.bad_lines),
        *_shapes(given.assignments),
        *(_said("path_not_writable", name) for name in given.unwritable),
        *(_said("readable_by_others", name) for name in given.exposed),
        *(_said(code, "SECRETS_STORE_PATH", hint) for code, hint in given.in_store),
        *_missing(profile, values),
        *_mismatches(profile, values),
        *_unsafe(profile, values),
        *_over_limits(profile, values),
        *_reused_keys((*given.assignments, *given.stored, *given.other)),
    }
    return tuple(sorted(found, key=lambda one: (one.severity, one.variable, one.code)))


def _said(code: str, variable: str, hint: str = "") -> Finding:
    severity = Severity.WARNING if code in _WARNINGS else Severity.ERROR
    return Finding(code, variable, severity, hint or HINTS[code])


def _shapes(assignments: Sequence[Assignment]) -> Iterator[Finding]:
    """What each line is by itself, and which name stands twice: the runtime takes the last one."""
    seen: set[str] = set()
    for one in assignments:
        if one.name in seen:
            yield _said("duplicate_variable", one.name)
        seen.add(one.name)
        known, value = KNOWN.get(one.name), one.value.strip()
        if known is None:
            yield _said("unknown_variable", one.name, _meant(one.name))
        elif value and (problem := problem_with(known.holds, one.value if known.holds is Holds.FLAG else value)):
            yield _said(problem, one.name)  # a flag with a blank in it: one reader trims, the kill switch does not
        if one.name == CONFIRM and value:
            yield _said("confirm_in_file", one.name)


def _meant(name: str) -> str:
    near = get_close_matches(name, KNOWN, n=1, cutoff=0.8)
    return f"did you mean {near[0]}?" if near else ""


def _missing(profile: Profile, values: Mapping[str, str]) -> Iterator[Finding]:
    optional = {"API_TOKEN"} if values.get("AUTH_ENABLED") == "0" else set()
    for variable in variables():
        if profile in variable.needed and not values.get(variable.name) and variable.name not in optional:
            yield _said("missing", variable.name)
    for switch, groups in _IF_ON.items():
        for group in groups if values.get(switch) == "1" else ():
            if not any(values.get(name) for name in group):
                yield _said("missing", group[0], f"{switch}=1 needs it")


def _mismatches(profile: Profile, values: Mapping[str, str]) -> Iterator[Finding]:
    for name in PROFILE_VARIABLES:
        meant = profile_of(values.get(name, ""))
        if meant and meant is not profile:
            yield _said("profile_mismatch", name)
    yield from _stages(profile, values)
    for name, value in values.items():
        if wrong_hosts(profile, value):
            yield _said("endpoint_mismatch", name)


def _stages(profile: Profile, values: Mapping[str, str]) -> Iterator[Finding]:
    """The runtime only displays a stage that is none, or that belongs to another profile."""
    words = ", ".join(STAGES)
    stage = values.get("PROMOTION_STAGE")
    if stage and stage not in STAGES:
        yield _said("unknown_profile", "PROMOTION_STAGE", f"write one of {words}")
    elif stage and STAGES[stage] is not profile:
        yield _said("profile_mismatch", "PROMOTION_STAGE", "this stage belongs to another profile")
    following = values.get("PROMOTION_ALLOWED_NEXT", "").split(",")
    if any(word.strip() and word.strip() not in STAGES for word in following):
        yield _said("bad_list", "PROMOTION_ALLOWED_NEXT", f"write words of {words}")


def _unsafe(profile: Profile, values: Mapping[str, str]) -> Iterator[Finding]:
    if values.get("SAFE_MODE") == "0":
        yield _said("safe_mode_off", "SAFE_MODE")
        if values.get("DRY_RUN_MODE") == "0":
            yield _said("unsafe_start", "DRY_RUN_MODE")
    if profile is Profile.LIVE:
        yield from (_said("flag_off_in_live", name) for name in GUARDS if values.get(name, "0") == "0")


def _over_limits(profile: Profile, values: Mapping[str, str]) -> Iterator[Finding]:
    for name, limit in _LIMITED.items():
        number = number_in(values.get(name, "0"))
        if number is not None and number > getattr(LIMITS[profile], limit):
            yield _said("over_limit", name)


def _reused_keys(assignments: Iterable[Assignment]) -> Iterator[Finding]:
    """Test keys that are live keys as well, of whatever exchange, and an approve token that is the API token."""
    digests = [(one.name, hashlib.sha256(one.value.strip().encode()).digest()) for one in assignments if _secret(one)]
    live = {digest for name, digest in digests if is_live_key(name)}
    api = {digest for name, digest in digests if name == "API_TOKEN"}
    for name, digest in digests:
        if (is_test_key(name) and digest in live) or (name == "APPROVE_TOKEN" and digest in api):
            yield _said("key_reuse", name)


def store_keys(profile: Profile, store: Mapping[str, object]) -> tuple[Assignment, ...]:
    """The keys of a secrets store under the names that the profile's variables have; it has one slot per exchange."""
    side = 1 if profile is Profile.LIVE else 0
    return tuple(
        Assignment(names[side], value)
        for slot, names in _STORE.items()
        if isinstance(value := store.get(slot), str) and value.strip()
    )


def _secret(one: Assignment) -> bool:
    known = KNOWN.get(one.name)
    return known is not None and known.holds is Holds.SECRET and bool(one.value.strip())


def finding_said(one: Finding) -> Outcome:
    status = Status.FAIL if one.severity is Severity.ERROR else Status.WARN
    return ENV_FINDING.says(status, code=one.code, variable=one.variable, hint=one.hint)


def environment_said(profile: Profile, digest: str, given: Given, found: Sequence[Finding]) -> Outcome:
    errors = sum(one.severity is Severity.ERROR for one in found)
    return ENV_CHECK.says(
        Status.FAIL if errors else Status.OK,
        "env_findings" if errors else None,
        profile=profile.value,
        file=digest[:16],
        compared=bool(given.other),
        checked=len(given.assignments),
        errors=errors,
        warnings=len(found) - errors,
        codes=tuple(sorted({one.code for one in found})) or None,
    )
