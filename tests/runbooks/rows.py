"""The promise tables of `docs/runbook-00N.md`, read as data.

A row is `| id | section | promise | literals | where |`. The literals are what other people's scripts depend on:
status lines (`db_verify status=ok`, or as printed: `event=archive status=OK files=<n>`, `RESULT=OK checked=<n>`),
options with their defaults (`ops-daily --days 7`) and exit codes (`db_verify exit 1: fail`). `complaints` says where
a literal and the code disagree, and which place is not there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flows.catalogue import read_catalogue
from tasks.rules.contracts import REGISTRY
from tasks.rules.outcome import COMMON_KEYS, COMMON_REASONS, Contract, Form, Status

DOCS = Path(__file__).parents[2] / "docs"
_ROW = re.compile(r"^\| (?P<id>[PWD]\d{3}-\d+) \|(?P<cells>.*)\|$")
_PLACEHOLDER = re.compile(r"<[a-z_]+>")


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    section: str
    promise: str
    literals: tuple[str, ...]
    where: str


def read_rows(page: str) -> list[Row]:
    """All rows of a page in their order: promises (P), weaknesses (W), what is beyond the runbook (D)."""
    return list(_rows((DOCS / page).read_text(encoding="utf-8")))


def _rows(text: str) -> Iterator[Row]:
    for line in text.splitlines():
        if found := _ROW.match(line):
            section, promise, literals, where = (cell.strip() for cell in re.split(r"(?<!\\)\|", found["cells"]))
            yield Row(found["id"], section, promise, tuple(re.findall(r"`([^`]+)`", literals)), where)


def complaints(row: Row) -> list[str]:
    """Where the row's literals and the code's contract or catalogue disagree, and which place is gone."""
    found = [_complaint(literal.replace("\\|", "|")) for literal in row.literals]
    return [f"{row.id}: {why}" for why in (*found, _place_complaint(row.where)) if why]


def _place_complaint(where: str) -> str | None:
    is_there = where.startswith("does not apply:") or (DOCS.parent / where).exists()
    return None if is_there else f"`{where}` is no file of this project"


def _complaint(literal: str) -> str | None:
    head, _, rest = literal.partition(" ")
    if head in REGISTRY:
        return _line_complaint(REGISTRY[head], rest, literal)
    if head in read_catalogue():
        return _option_complaint(head, rest.split())
    return _printed_complaint(head, rest, literal)


def _printed_complaint(head: str, rest: str, literal: str) -> str | None:
    """The line as it is printed: several procedures may begin alike (`RESULT=`), and one of them must say this."""
    name, _, word = head.partition("=")
    events = [one for one in REGISTRY.values() if one.form is Form.EVENT and (name, word) == ("event", one.printed)]
    marks = [one for one in REGISTRY.values() if one.form in (Form.RESULT, Form.MARK) and one.printed == name]
    found = [_said_complaint(one, rest, literal) for one in events]
    found += [
        _said_complaint(one, rest, literal) if _allowed(word, _words(one)) else f"`{literal}` has another status"
        for one in marks
    ]
    if not found:
        return f"`{literal}` begins with no known token or command"
    return None if None in found else found[0]


def _words(contract: Contract) -> list[str]:
    return [contract.words.get(status, status.value) for status in (*contract.statuses, Status.ERROR)]


def _said_complaint(contract: Contract, rest: str, literal: str) -> str | None:
    said = dict(pair.split("=", 1) for pair in rest.split() if "=" in pair)
    if not _allowed(said.get(contract.status_key), _words(contract)):
        return f"`{literal}` has a status outside the contract"
    return _keys_complaint(contract, said, literal)


def _line_complaint(contract: Contract, rest: str, literal: str) -> str | None:
    if exit_code := re.fullmatch(r"exit (\d+): (\w+)", rest):
        status = next((s for s in contract.statuses if s.value == exit_code[2]), None)
        agrees = status is not None and contract.exit_code(status) == int(exit_code[1])
        return None if agrees else f"`{literal}` is not the exit code in the contract"
    said = dict(pair.split("=", 1) for pair in rest.split() if "=" in pair)
    if not _allowed(said.get("status"), [*(status.value for status in contract.statuses), "error"]):
        return f"`{literal}` has a status outside the contract"
    return _keys_complaint(contract, said, literal)


def _keys_complaint(contract: Contract, said: dict[str, str], literal: str) -> str | None:
    keys = set(_declared_order(contract))
    if unknown := set(said) - keys:
        return f"`{literal}` has keys outside the contract: {sorted(unknown)}"
    if not _allowed(said.get("reason"), [*contract.reasons, *COMMON_REASONS]):
        return f"`{literal}` has a reason outside the contract"
    order = [key for key in said if key in keys]
    declared = _declared_order(contract)
    return None if order == sorted(order, key=declared.index) else f"`{literal}` is not in the order of the contract"


def _declared_order(contract: Contract) -> list[str]:
    keys = [key.name for key in contract.keys]
    common = [key.name for key in COMMON_KEYS if key.name not in keys]
    return [*(name for name in ("status", "reason") if name not in keys), *keys, *common]


def _allowed(word: str | None, allowed: list[str]) -> bool:
    return word is None or bool(_PLACEHOLDER.fullmatch(word)) or set(word.split("|")) <= set(allowed)


def _option_complaint(command: str, words: list[str]) -> str | None:
    """`--days 7` must be an option whose default is 7; `--mode a|b` one that takes exactly these words."""
    parameters = read_catalogue()[command].parameters
    pairs = zip(words, [*words[1:], "--"], strict=True)
    for flag, value in ((flag, value) for flag, value in pairs if flag.startswith("--")):
        name = flag.removeprefix("--").replace("-", "_")
        if name not in parameters:
            return f"`{command}` has no option {flag}"
        field = parameters[name]
        if "|" in value and value.split("|") != field.get("enum"):
            return f"`{command} {flag}` takes {field.get('enum')}"
        plain = not value.startswith("--") and "|" not in value and not _PLACEHOLDER.fullmatch(value)
        if plain and str(field.get("default")) != value and value not in map(str, field.get("enum", [])):
            return f"`{command} {flag}` has the default {field.get('default')}"
    return None
