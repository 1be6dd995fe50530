"""The one line a run ends in, and everything that follows from it.

A `Contract` says what a token may utter: its statuses, its reasons, its keys in their order and the kind of
value each key holds. An `Outcome` is one utterance. Text line, JSON, exit code and Prefect state are derived
from the pair and from nothing else (runbook 001, "Tokens & exit codes").

Nothing leaves unless the contract allows it: a key, status or reason that is not declared, a value of the wrong
kind, or one that looks like a secret turns the whole line into a failure of its own.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.rules.redaction import looks_secret
from tasks.rules.vocabulary import (
    COMMON_KEYS,
    COMMON_REASONS,
    EXIT_CODES,
    EXIT_FAILED,
    EXIT_OK,
    EXIT_UNHEALTHY,
    EXIT_USAGE,
    Form,
    Groups,
    Key,
    Kind,
    Scalar,
    Status,
    Value,
)

__all__ = [
    "COMMON_KEYS",
    "COMMON_REASONS",
    "EXIT_FAILED",
    "EXIT_OK",
    "EXIT_UNHEALTHY",
    "EXIT_USAGE",
    "Contract",
    "Form",
    "Groups",
    "Key",
    "Kind",
    "Outcome",
    "Scalar",
    "Status",
    "Value",
    "checked",
    "written",
]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Contract:
    """What one token may say.

    `reasons` maps each reason to the statuses it may stand with; a status without any reason needs none.
    `exit_codes` holds only what differs from the general rule (0 good, 1 fail or error, 2 unhealthy or no data).
    `head` is printed in place of the token where several procedures end in the same word (`RESULT=`);
    the token stays the one name of the contract in the registry, in JSON and in the stored outcome.
    """

    token: str
    statuses: tuple[Status, ...]
    section: str
    reasons: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    form: Form = Form.TOKEN
    exit_codes: Mapping[Status, int] = field(default_factory=dict)
    words: Mapping[Status, str] = field(default_factory=dict)
    status_key: str = "status"
    head: str = ""

    @property
    def printed(self) -> str:
        return self.head or self.token

    @property
    def shape(self) -> str:
        """How its line begins, with every status word: `RESULT=OK|FAIL`, `db_verify status=ok|fail`."""
        words = "|".join(self.words.get(status, status.value) for status in self.statuses)
        match self.form:
            case Form.RESULT | Form.MARK:
                return f"{self.printed}={words}"
            case Form.PLAIN:
                return self.printed
            case Form.ROW:
                return " ".join(f"<{key.name}>" for key in self.keys)
            case Form.EVENT:
                return f"event={self.printed} {self.status_key}={words}"
            case _:
                return f"{self.printed} {self.status_key}={words}"

    def says(self, status: Status, reason: str | None = None, **fields: Value) -> "Outcome":
        """One utterance of this token."""
        return Outcome(self, status, reason, fields)

    def exit_code(self, status: Status) -> int:
        return self.exit_codes.get(status, EXIT_CODES.get(status, EXIT_OK))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One status with its reason and fields; build it with `Contract.says`."""

    contract: Contract
    status: Status
    reason: str | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)

    @property
    def token(self) -> str:
        return self.contract.token

    @property
    def exit_code(self) -> int:
        return self.contract.exit_code(self.status)

    @property
    def line(self) -> str:
        """The text line; ASCII, one line, keys in the token's own order."""
        safe = checked(self)
        if safe.contract.form is Form.JSON:
            return f"{safe.contract.printed} {json.dumps(_payload(safe), separators=(',', ':'), allow_nan=False)}"
        if safe.contract.form is Form.PLAIN:
            return " ".join([_head(safe), *_texts(safe).values()])
        if _is_row(safe):
            return " ".join(_texts(safe).values())
        pairs = " ".join(f"{key}={text}" for key, text in _texts(safe).items())
        return _head(safe) + (f" {pairs}" if pairs else "")

    @property
    def json(self) -> str:
        """The same as one compact JSON object; numbers stay numbers, and whatever the line's form has a status."""
        safe, payload = checked(self), _payload(checked(self))
        head: dict[str, Value] = {"tool": safe.token, "schema_version": SCHEMA_VERSION}
        if safe.contract.status_key not in payload:
            head[safe.contract.status_key] = _word(safe)
        return json.dumps(head | payload, separators=(",", ":"), allow_nan=False, default=list)


def checked(outcome: Outcome) -> Outcome:
    """The outcome itself if its contract allows all of it, else the failure that takes its place."""
    contract = outcome.contract
    if outcome.status not in contract.statuses and outcome.status is not Status.ERROR:
        return _failure(contract, "undeclared_outcome")
    if outcome.reason not in (None, *contract.reasons, *COMMON_REASONS):
        return _failure(contract, "undeclared_outcome")
    kinds = {key.name: key.kind for key in (*contract.keys, *COMMON_KEYS)}
    for name, value in outcome.fields.items():
        if name not in kinds:
            return _failure(contract, "invalid_output_key")
        if value is not None and (problem := _problem(kinds[name], value)):
            return _failure(contract, problem)
    return outcome


def _failure(contract: Contract, reason: str) -> Outcome:
    return Outcome(contract, Status.FAIL if Status.FAIL in contract.statuses else Status.ERROR, reason)


def _problem(kind: Kind, value: Value) -> str | None:
    if kind is Kind.GROUPS:
        return None if _is_groups(value) else "invalid_output_value"
    if isinstance(value, float) and not math.isfinite(value):
        return "invalid_output_value"
    text = written(kind, value)
    if looks_secret(text) or (isinstance(value, str) and looks_secret(value)):  # folding may hide a shape
        return "sensitive_value_detected"
    return None if re.fullmatch(kind.value, text) else "invalid_output_value"


def _is_groups(value: Value) -> bool:
    return isinstance(value, Mapping) and all(
        re.fullmatch(Kind.WORD.value, str(name)) and all(isinstance(n, int) for n in counts.values())
        for name, counts in value.items()
    )


def written(kind: Kind, value: Value) -> str:
    """A value as it stands in the line: blanks folded to `_`, ratios with two digits, lists joined by commas."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    if kind is Kind.RATIO and isinstance(value, (int, float)):
        return f"{value:.2f}"
    if kind is Kind.MEASURE and isinstance(value, (int, float)):
        return f"{value:.6f}"
    if kind is Kind.COMMAND:
        return str(value)
    return re.sub(r"\s+", "_", str(value).strip())


def _word(outcome: Outcome) -> str:
    return outcome.contract.words.get(outcome.status, outcome.status.value)


def _is_row(outcome: Outcome) -> bool:
    return outcome.contract.form is Form.ROW and outcome.status is Status.OK


def _head(outcome: Outcome) -> str:
    contract = outcome.contract
    match contract.form:
        case Form.EVENT:
            return f"event={contract.printed}"
        case Form.RESULT | Form.MARK:
            return f"{contract.printed}={_word(outcome)}"
        case _:
            return contract.printed


def _texts(outcome: Outcome) -> dict[str, str]:
    """What stands behind the head; in a golden line (PLAIN, MARK, ROW) no frozen moment does, only in its JSON."""
    kinds = {key.name: key.kind for key in (*outcome.contract.keys, *COMMON_KEYS)}
    golden = outcome.contract.form in (Form.PLAIN, Form.MARK) or _is_row(outcome)
    return {
        name: str(value) if name in ("status", "reason") else written(kinds[name], value)
        for name, value in _ordered(outcome).items()
        if not (golden and name == "frozen_now")
    }


def _payload(outcome: Outcome) -> dict[str, Value]:
    return {
        name: list(value) if isinstance(value, tuple) else value  # type: ignore[misc]
        for name, value in _ordered(outcome).items()
    }


def _ordered(outcome: Outcome) -> dict[str, Value]:
    """Status and reason where the contract puts them (in front unless it names them), absent keys left out."""
    contract = outcome.contract
    spoken: dict[str, Value] = dict(outcome.fields)
    spoken["reason"] = outcome.reason
    spoken[contract.status_key] = _word(outcome)
    if contract.form in (Form.RESULT, Form.MARK, Form.PLAIN) or _is_row(outcome):
        del spoken[contract.status_key]
    declared = [key.name for key in contract.keys]
    front = [name for name in (contract.status_key, "reason") if name not in declared]
    nulls: tuple[str, ...] = ()
    if contract.form is Form.JSON:
        nulls = tuple(outcome.fields)  # readers of a JSON document rely on its keys: what cannot be told is null
        if outcome.status is Status.OK and outcome.reason is None:
            front = []  # the runbook's documents have exactly their declared keys; only a failure adds why
    order = [*front, *declared, *(key.name for key in COMMON_KEYS if key.name not in declared)]
    return {name: spoken[name] for name in order if spoken.get(name) is not None or name in nulls}
