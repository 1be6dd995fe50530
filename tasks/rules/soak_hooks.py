"""What each rung of the ladder does for real, as it is declared in soak.toml (runbook 004, "Soak orchestration").

A rung runs a deployment, calls an address, or is announced to the people on call. A rung that the file leaves out is
announced only. A secret stands in the environment; the file has the name of its variable.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tasks.rules.artifacts import Json
from tasks.rules.soak import LADDER, Action

RUNGS = (Action.TUNE_DRY, *LADDER)
_DEPLOYMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,80}/[A-Za-z0-9][A-Za-z0-9 ._-]{0,80}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,60}")
_SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "KEY")
_LONGEST_S = 60.0


class Do(StrEnum):
    ANNOUNCE = "announce"
    DEPLOYMENT = "deployment"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Hook:
    """What one rung does; `timeout_s` is how long it may take, 0 for a deployment that nobody waits for."""

    do: Do = Do.ANNOUNCE
    deployment: str = ""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    url: str = ""
    header: str = ""
    header_env: str = ""
    timeout_s: float = 10.0


_KEYS = {
    Do.ANNOUNCE: {"do"},
    Do.DEPLOYMENT: {"do", "deployment", "parameters", "timeout_s"},
    Do.HTTP: {"do", "url", "header", "header_env", "timeout_s"},
}
Hooks = Mapping[Action, Hook]
ANNOUNCE_ALL: Hooks = dict.fromkeys(RUNGS, Hook())


def hooks_of(document: Mapping[str, object]) -> Hooks:
    """The hook of every rung; ValueError says in words of ours what is wrong with the file."""
    unknown = set(document) - {rung.value for rung in RUNGS}
    if unknown:
        raise ValueError("the file has a table for TUNE_DRY, ROLLBACK_STEP, DISABLE_STRAT and REGION_STEP_DOWN")
    return {rung: _hook(document[rung.value]) if rung.value in document else Hook() for rung in RUNGS}


def _hook(table: object) -> Hook:
    if not isinstance(table, Mapping) or table.get("do") not in [do.value for do in Do]:
        raise ValueError("a rung says do = announce, deployment or http")
    do = Do(table["do"])
    if not set(table) <= _KEYS[do]:
        raise ValueError(f"do = {do.value} knows {', '.join(sorted(_KEYS[do]))}")
    made = Hook(**{**table, "do": do, "timeout_s": _seconds(table, do)})
    complaint = _deployment_complaint(made) if do is Do.DEPLOYMENT else _http_complaint(made) if do is Do.HTTP else ""
    if complaint:
        raise ValueError(complaint)
    return made


def _seconds(table: Mapping[str, object], do: Do) -> float:
    value = table.get("timeout_s", 0.0 if do is Do.DEPLOYMENT else 10.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST_S:
        raise ValueError("timeout_s is 0 to 60 seconds")
    if do is Do.HTTP and not value:
        raise ValueError("an address needs a timeout_s above 0")
    return float(value)


def _deployment_complaint(hook: Hook) -> str:
    if not isinstance(hook.deployment, str) or not _DEPLOYMENT.fullmatch(hook.deployment):
        return "a deployment is written flow-name/deployment-name"
    return "" if isinstance(hook.parameters, Mapping) else "parameters is a table"


def _http_complaint(hook: Hook) -> str:
    if not isinstance(hook.url, str) or not hook.url.startswith(("http://", "https://")):
        return "a url begins with http:// or https://"
    if bool(hook.header) != bool(hook.header_env):
        return "header and header_env stand together"
    if hook.header and not (_HEADER.fullmatch(str(hook.header)) and _VARIABLE.fullmatch(str(hook.header_env))):
        return "header is the name of a header, header_env the name of a variable"
    if hook.header and not any(word in hook.header_env for word in _SECRET_WORDS):
        return "the name in header_env holds TOKEN, SECRET, PASSWORD or KEY, so that its value is never shown"
    return ""


@dataclass(frozen=True, slots=True)
class Called:
    """How a hook ended: done or failed, and one word that says why."""

    state: str
    result: str


def done(result: str) -> Called:
    return Called("done", result)


def failed(result: str) -> Called:
    return Called("failed", result)


def action_key(soak: str, phase: str, region: str, slot: str) -> str:
    """One key for each slot: what is called twice with it is to be done once."""
    return f"soak-tick/{soak}/{phase}/{region}/{slot}"
