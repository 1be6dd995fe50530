"""What a split says: a row for each project, a note for whatever is unusual, and the line at the end."""

from collections.abc import Iterator, Sequence

from tasks.rules.contracts.publishing import SPLIT, SPLIT_NOTE, SPLIT_PROJECT
from tasks.rules.outcome import Outcome, Status
from tasks.rules.publishing.contents import Inside
from tasks.rules.publishing.folders import LeftOut
from tasks.rules.splitting.answer import Split
from tasks.rules.splitting.names import printable


def rows_and_notes(
    splits: Sequence[Split], left_out: Sequence[LeftOut], inside: Sequence[Inside]
) -> Iterator[Outcome]:
    """First every row, so that a script finds its data in one place; then what a person should know."""
    for one in splits:
        if one.sha:
            yield SPLIT_PROJECT.says(Status.OK, name=printable(one.name), commit=one.sha)
    for status, reason, name in _notes(splits, left_out, inside):
        yield SPLIT_NOTE.says(status, reason, name=printable(name))


def _notes(
    splits: Sequence[Split], left_out: Sequence[LeftOut], inside: Sequence[Inside]
) -> Iterator[tuple[Status, str, str]]:
    for one in splits:
        if one.problem:
            yield Status.FAIL, one.problem, one.name
        elif one.history == "gap_skipped":
            yield Status.WARN, "gap_skipped", one.name
    for aside in left_out:
        yield Status.WARN, aside.why.value, aside.name
    for held in inside:
        for reason in held.reasons:
            yield Status.WARN, reason, held.name


def split_told(head: str, splits: Sequence[Split], left_out: Sequence[LeftOut]) -> Outcome:
    """The last line: not good when a project has no commit, or when there is no project at all."""
    failed = sum(one.sha is None for one in splits)
    reason = "not_split" if failed else None if splits else "no_projects"
    return SPLIT.says(
        Status.FAIL if reason else Status.OK,
        reason,
        head=head,
        projects=len(splits),
        commits=sum(one.commits for one in splits if one.sha),
        new=sum(one.commits - one.reused for one in splits if one.sha),
        gaps=sum(one.history == "gap_skipped" for one in splits),
        left_out=len(left_out),
        not_split=failed or None,
    )
