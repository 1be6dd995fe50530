"""What the security check makes of what it finds (runbook 003, Security Operations).

An allowance names one finding: the file, the kind and the fingerprint (a digest of what was found, never the value),
why it is no secret, who says so, and until when. One without all of that, or past its day, allows nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from tasks.rules.contracts.security import SECURITY_CHECK, SECURITY_CHECK_ITEM, SECURITY_FINDING
from tasks.rules.outcome import Outcome, Status, Value

MOST_SHOWN = 50
REQUIRED = ("ORKET_API_KEY", "GITEA_WEBHOOK_SECRET", "GITEA_ADMIN_PASSWORD")
_FIELDS = ("file", "kind", "fingerprint", "reason", "owner", "expires")
_PLACEHOLDER = re.compile(r"change-?me|todo|replace-?me|fill-?me|placeholder|your-|example", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Something that looks like a secret: where it stands and the digest of what stands there."""

    file: str
    line: int
    kind: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Allowance:
    file: str
    kind: str
    fingerprint: str
    expires: date

    def covers(self, leak: Leak) -> bool:
        return (self.file, self.kind, self.fingerprint) == (leak.file, leak.kind, leak.fingerprint)


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found, apart from what is allowed; and the allowances that are past their day."""

    open: tuple[Leak, ...]
    allowed: int
    expired: int
    files: int


@dataclass(frozen=True, slots=True)
class Item:
    """One of the things that the check looks at; `names` are variables that it complains of."""

    name: str
    status: Status = Status.OK
    reason: str | None = None
    names: tuple[str, ...] = ()

    @property
    def line(self) -> Outcome:
        return SECURITY_CHECK_ITEM.says(self.status, self.reason, name=self.name, env=self.names or None)


def allowances_in(document: object) -> tuple[Allowance, ...]:
    """The `[[allow]]` tables of the file; ValueError names what one of them lacks."""
    tables = document.get("allow", []) if isinstance(document, dict) else None
    if not isinstance(tables, list):
        raise ValueError("[[allow]] is a list of tables")  # noqa: TRY004  the file is wrong, not its reader
    return tuple(_allowance(number, table) for number, table in enumerate(tables, start=1))


def _allowance(number: int, table: object) -> Allowance:
    if not isinstance(table, dict):
        raise ValueError(f"entry {number} is no table")  # noqa: TRY004
    if wrong := sorted(set(table) ^ set(_FIELDS)):
        raise ValueError(
            f"entry {number}: {', '.join(_FIELDS)}, all of them and nothing else; see {', '.join(wrong)}"
        )
    texts = [table[name] for name in _FIELDS[:-1]]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError(f"entry {number}: every field has a text")
    if type(table["expires"]) is not date:
        raise ValueError(f"entry {number}: expires is a day, for example 2027-01-31")
    return Allowance(texts[0], texts[1], texts[2], table["expires"])


def sifted(leaks: Iterable[Leak], allowances: Sequence[Allowance], today: date, files: int) -> Scan:
    """Apart: what is allowed today, and what is not; an allowance still holds on its last day."""
    found = sorted(set(leaks))
    valid = [one for one in allowances if today <= one.expires]
    open_ = tuple(leak for leak in found if not any(one.covers(leak) for one in valid))
    return Scan(open_, len(found) - len(open_), len(allowances) - len(valid), files)


def finding_lines(scan: Scan) -> list[Outcome]:
    """A line for each open finding, up to fifty: where it is and its digest, never what was found."""
    return [
        SECURITY_FINDING.says(
            Status.FAIL,
            "secret_found",
            file=quote(leak.file, safe="/")[-200:],
            line=leak.line or None,
            kind=leak.kind.replace(" ", "_"),
            fingerprint=leak.fingerprint,
        )
        for leak in scan.open[:MOST_SHOWN]
    ]


def is_fingerprint(leak: Leak, allow_list: str) -> bool:
    """Whether this is a fingerprint in the list of allowed findings, which looks like a key itself."""
    return leak.file == allow_list and leak.kind == "Hex High Entropy String"


def secrets_item(scan: Scan) -> Item:
    return Item("secrets", Status.FAIL, "secret_found") if scan.open else Item("secrets")


def is_sample(value: str) -> bool:
    """Whether this is what a sample file has in the place of a secret."""
    return bool(_PLACEHOLDER.search(value))


def variables_item(missing: tuple[str, ...], hollow: tuple[str, ...]) -> Item:
    """Every required variable that is missing or still the placeholder of a sample, by name."""
    if missing:
        return Item("variables", Status.FAIL, "missing_env", (*missing, *hollow))
    return Item("variables", Status.FAIL, "placeholder_left", hollow) if hollow else Item("variables")


def env_file_item(*, tracked: bool, ignored: bool) -> Item:
    """The env file must not be in git, and git must be told so before somebody adds everything."""
    if tracked:
        return Item("env_file", Status.FAIL, "env_file_tracked")
    return Item("env_file") if ignored else Item("env_file", Status.FAIL, "env_file_not_ignored")


def audit_item(*, there: bool) -> Item:
    return Item("audit_note") if there else Item("audit_note", Status.FAIL, "audit_note_missing")


def canary_item(said: Outcome | None) -> Item:
    """The canary's own verdict; left out or without an address it has not passed."""
    if said is None:
        return Item("canary", Status.SKIPPED, "asked_to_skip")
    if said.status is Status.OK:
        return Item("canary")
    return Item("canary", Status.FAIL, said.reason)


def checked_all(items: Sequence[Item], scan: Scan) -> Outcome:
    """Every item that failed is named; one that was left out makes it partial, never ok."""
    failed = tuple(one.name for one in items if one.status is Status.FAIL)
    skipped = tuple(one.name for one in items if one.status is Status.SKIPPED)
    told: dict[str, Value] = {
        "passed": len(items) - len(failed) - len(skipped),
        "failed": failed or None,
        "skipped": skipped or None,
        "files": scan.files,
        "findings": len(scan.open),
        "allowed": scan.allowed,
        "expired": scan.expired,
    }
    if failed:
        return SECURITY_CHECK.says(Status.FAIL, "item_failed", **told)
    if skipped:
        return SECURITY_CHECK.says(Status.PARTIAL, "items_skipped", **told)
    return SECURITY_CHECK.says(Status.OK, None, **told)
