"""One pass: what is known already, then the new commits, then the results and what the next pass may reuse."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tasks.rules.splitting.columns import NOTHING, added_nodes, restored
from tasks.rules.splitting.mapping import NewHistories, Trees
from tasks.splitting.joins import find_joins
from tasks.splitting.reading import JoinSeen, read_history
from tasks.splitting.repository import Monorepo
from tasks.splitting.state import Header, Result, Saved, StateFile
from tasks.splitting.texts import Texts
from tasks.splitting.writing import write_commits

_PROGRESS_EVERY = 1_000
Results = tuple[Result, ...]
_NOT_YET = Result(None, 0, gap=False)
_NO_STATE = Saved(None, NOTHING, 0)


@dataclass(frozen=True, slots=True)
class Pass:
    repo: Monorepo
    folder: bytes
    names: Sequence[bytes]
    write: bool
    stored: StateFile
    on_progress: Callable[[int], None]

    def run(self) -> tuple[Results, Results]:
        """The results that an earlier run left, and those of now."""
        last = self._usable(self.stored.last())
        if last and last.tip == self.repo.tip:
            return last.results, last.results
        nothing = (_NOT_YET,) * len(self.names)
        try:
            saved = self.stored.load()
            last = self._usable(saved.header)
            if last and last.continues and self._is_ahead_of(last.tip):
                return last.results, self._continued(saved, last)
            return nothing, self._continued(_NO_STATE, None)
        except JoinSeen:
            return nothing, self._with_joins(nothing)

    def _usable(self, last: Header | None) -> Header | None:
        """Not usable once git has thrown away what an earlier run wrote."""
        if last is None or len(last.results) != len(self.names):
            return None
        shas = "".join(f"{result.sha}\n" for result in last.results if result.sha and self.write)
        found = self.repo.git.ask("cat-file", "--batch-check", given=shas.encode()) if shas else b""
        return None if b" missing\n" in found else last

    def _is_ahead_of(self, old: str) -> bool:
        return self.repo.git.tried("merge-base", "--is-ancestor", old, self.repo.tip).returncode == 0

    def _continued(self, saved: Saved, last: Header | None) -> Results:
        """Go on from what is saved; without a header that is nothing, and all commits are new."""
        histories, places = restored(saved.columns, len(self.names), Texts(self.repo.git).of)
        since = len(histories.graph.shas)
        before = last.results if last else (_NOT_YET,) * len(self.names)
        results = self._mapped(histories, before, since=last.tip if last else None)
        if self.stored.path:
            columns = {**places.added(), **added_nodes(histories.graph, since)}
            self.stored.append(Header(self.repo.tip, results, continues=True), columns, after=saved.end)
        return results

    def _with_joins(self, before: Results) -> Results:
        """Joins settle commits before their own, so they are looked for first; such a run is not continued."""
        histories = NewHistories(Texts(self.repo.git).of)
        paths = [self.folder + b"/" + name if self.folder else name for name in self.names]
        problems = find_joins(self.repo.git, self.repo.tip, paths, histories)
        results = tuple(
            Result(None, 0, result.gap, problems[at]) if at in problems else result
            for at, result in enumerate(self._mapped(histories, before, since=None, stop_at_joins=False))
        )
        self.stored.append(Header(self.repo.tip, results, continues=False), NOTHING, after=0)
        return results

    def _mapped(
        self, histories: NewHistories, before: Results, *, since: str | None, stop_at_joins: bool = True
    ) -> Results:
        """Take every commit that is not known yet, write what came of it, and read the results off the tip."""
        revisions = [self.repo.tip.encode(), *([b"^" + since.encode()] if since else [])]
        history = read_history(self.repo.git, self.folder, self.names, revisions, stop_at_joins=stop_at_joins)
        trees: Trees = ()
        taken = 0
        for commit, trees in history:  # the last one is the tip
            histories.take(commit, trees)
            taken += 1
            if taken % _PROGRESS_EVERY == 0:
                self.on_progress(_PROGRESS_EVERY)
        self.on_progress(taken % _PROGRESS_EVERY)
        if self.write:
            write_commits(self.repo.git, histories.made)
        return self._results(histories, before, trees)

    def _results(self, histories: NewHistories, before: Results, trees: Trees) -> Results:
        graph = histories.graph
        row, _ = histories.places[self.repo.tip.encode()]
        results = []
        for folder, (node, old) in enumerate(zip(row, before, strict=True)):
            sha = graph.shas[node].decode()
            gap = old.gap or folder in histories.gaps
            commits = old.commits if sha == old.sha else graph.reachable(node)
            if graph.trees[node] == trees[folder]:
                results.append(Result(sha, commits, gap))
            else:  # a join has answered for the tip with another tree: nothing that may be published
                results.append(Result(None, 0, gap, "join_differs"))
        return tuple(results)
