"""What earlier `git subtree add` and `split --rejoin` have settled, read from their trailers (rule 14)."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from tasks.rules.splitting.mapping import Joins, NewHistories
from tasks.splitting.plumbing import Git


class MarkProblem(Exception):
    """The trailers of one folder cannot be followed; the text is the reason's word."""


@dataclass(slots=True)
class _Marks:
    """The trailers of one folder: which commit stands for which, before any node is known."""

    final: dict[str, str] = field(default_factory=dict)

    def settle(self, commit: str, stands_for: str) -> None:
        if commit in self.final:
            raise MarkProblem("join_repeated")
        self.final[commit] = stands_for


def find_joins(git: Git, tip: str, prefixes: Sequence[bytes], histories: NewHistories) -> dict[int, str]:
    """Give the histories their joins; returns the folders whose trailers cannot be followed, with the reason."""
    candidates = git.ask("log", "--format=%H", "--fixed-strings", "--grep=git-subtree-dir: ", tip)
    final: dict[bytes, dict[int, int]] = {}
    own: dict[int, set[bytes]] = {}
    problems: dict[int, str] = {}
    for folder, prefix in enumerate(prefixes):
        try:
            marks = _marks_of(git, prefix, candidates)
            if marks.final:
                own[folder] = _load_own_history(git, prefix, sorted(set(marks.final.values())), histories)
        except MarkProblem as problem:
            problems[folder] = str(problem)
            continue
        for commit, sub in marks.final.items():
            final.setdefault(commit.encode(), {})[folder] = histories.nodes[sub.encode()]
    histories.joins = Joins(final, own)
    return problems


def _marks_of(git: Git, prefix: bytes, candidates: bytes) -> _Marks:
    marks = _Marks()
    if b"\n" in prefix or not candidates:
        return marks
    # the name is a pattern here because git subtree makes it one; the candidates come in as data
    grep = f"--grep=^git-subtree-dir: {os.fsdecode(prefix)}/*$"
    found = git.ask("log", "--no-walk=unsorted", "-z", "--stdin", grep, "--format=%H%n%s%n%n%b", given=candidates)
    for record in filter(None, found.decode("utf-8", "replace").split("\0")):
        _read_trailers(git, record, marks)
    return marks


def _read_trailers(git: Git, record: str, marks: _Marks) -> None:
    commit, *lines = record.split("\n")
    words = [line.split() for line in lines]
    said = {word[0]: word[1] for word in words if len(word) > 1}  # the last one of a kind counts
    if not (split := said.get("git-subtree-split:")):
        return
    done = git.tried("rev-parse", "--verify", "--quiet", "--end-of-options", f"{split}^{{commit}}")
    if done.returncode != 0:
        raise MarkProblem("join_unresolved")
    sub = done.stdout.decode().split()[-1]
    if main := said.get("git-subtree-mainline:"):
        marks.settle(main, sub)
        marks.settle(sub, sub)
    else:
        marks.settle(commit, sub)


def _load_own_history(git: Git, prefix: bytes, subs: Sequence[str], histories: NewHistories) -> set[bytes]:
    """Make every commit of the joined history known, so that descent from it can be told."""
    revisions = "".join(f"{sub}\n" for sub in subs).encode()
    listed = git.ask("log", "--topo-order", "--reverse", "--format=%H %T %P", "--stdin", given=revisions)
    commits = [line.split() for line in listed.splitlines()]
    _refuse_monorepo(git, prefix, [tree for _, tree, *_ in commits])
    for sha, tree, *parents in commits:
        nodes = tuple(dict.fromkeys(histories.nodes[parent] for parent in parents))
        histories.know(sha, bytes.fromhex(tree.decode()), nodes)
    return {commit[0] for commit in commits}


def _refuse_monorepo(git: Git, prefix: bytes, trees: Sequence[bytes]) -> None:
    """A join must not make the monorepo's own commits part of a published history."""
    asked = b"".join(tree + b":" + prefix + b"\n" for tree in trees)
    if any(line.startswith(b"tree") for line in _types(git, asked)):
        raise MarkProblem("join_leaks")


def _types(git: Git, asked: bytes) -> list[bytes]:
    return git.ask("cat-file", "--batch-check=%(objecttype)", given=asked).split(b"\n")
