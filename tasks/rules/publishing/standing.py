"""How each published project stands: where it is, since when, and whether the remote still has it (runbook 003)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.contracts.publishing import PUBLISH_STATUS, PUBLISH_STATUS_PROJECT
from tasks.rules.outcome import Outcome, Status
from tasks.rules.publishing.plan import Remote
from tasks.rules.publishing.publish import printable_path
from tasks.rules.publishing.registry import Entry
from tasks.rules.splitting.names import printable


class InParity(StrEnum):
    YES = "yes"
    UNVERIFIED = "unverified"  # the remote is at that commit, but nobody has compared what it holds
    REMOTE_MOVED = "remote_moved"
    REMOTE_MISSING = "remote_missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    entry: Entry
    parity: InParity

    @property
    def local(self) -> str:
        return "deleted" if self.entry.deleted_at else "archived" if self.entry.archived_at else "here"


def standing(entry: Entry, remote: Remote | None) -> Standing:
    """One project; `remote` is None when nobody asked."""
    if remote is None or remote.problem:
        return Standing(entry, InParity.UNKNOWN)
    if remote.repository is None or remote.head is None:
        return Standing(entry, InParity.REMOTE_MISSING)
    if remote.head != entry.last_published_sha:
        return Standing(entry, InParity.REMOTE_MOVED)
    return Standing(entry, InParity.YES if entry.parity_verified else InParity.UNVERIFIED)


def status_lines(standings: Iterable[Standing]) -> Iterable[Outcome]:
    for one in standings:
        yield PUBLISH_STATUS_PROJECT.says(
            Status.OK if one.parity is InParity.YES else Status.WARN,
            source=printable(one.entry.source_dir),
            project=printable(one.entry.project_name),
            repository=one.entry.repo,
            branch=printable_path(one.entry.branch),
            commit=one.entry.last_published_sha,
            since=f"{one.entry.last_published_at:%Y-%m-%dT%H:%M:%SZ}",
            parity=one.parity.value,
            local=one.local,
        )


def status_table(standings: Iterable[Standing]) -> list[dict[str, object]]:
    return [
        {
            "project": printable_path(one.entry.prefix),
            "repository": one.entry.repo,
            "branch": one.entry.branch,
            "commit": one.entry.last_published_sha,
            "since": f"{one.entry.last_published_at:%Y-%m-%d %H:%M}",
            "in parity": one.parity.value,
            "local": one.local,
        }
        for one in standings
    ]


def stood(standings: Sequence[Standing]) -> Outcome:
    """The last line: good only when every project was asked about and is where it was put."""
    counts = {parity: sum(one.parity is parity for one in standings) for parity in InParity}
    lost = counts[InParity.REMOTE_MOVED] + counts[InParity.REMOTE_MISSING]
    reason = (
        "parity_lost" if lost
        else "parity_unknown" if counts[InParity.UNKNOWN]
        else "not_verified" if counts[InParity.UNVERIFIED]
        else None if standings
        else "nothing_published"
    )  # fmt: skip
    return PUBLISH_STATUS.says(
        Status.WARN if reason else Status.OK,
        reason,
        projects=len(standings),
        in_parity=counts[InParity.YES],
        not_in_parity=lost + counts[InParity.UNVERIFIED],
        unknown=counts[InParity.UNKNOWN],
        archived=sum(one.local == "archived" for one in standings),
        deleted=sum(one.local == "deleted" for one in standings),
    )
