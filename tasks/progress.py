"""How far a long piece of work has come: a bar in the terminal, a progress artifact in the Prefect UI."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.runtime import flow_run
from rich.console import Console
from rich.progress import Progress

from tasks.step import has_server

Advance = Callable[[int], None]
EVERY_S = 1.0


@contextmanager
def progress(what: str, total: int | Callable[[], int]) -> Iterator[Advance]:
    """Yields a function to call with the number of pieces that were just finished, of `total` altogether.

    `what` is lowercase words with dashes: it is the key of the artifact as well. Work of less than a second leaves
    no artifact, and longer work updates it once a second. A total that costs something to find out is given as a
    function: it is asked once, when the work turns out to be long.
    """
    artifact = _ArtifactOf(what) if has_server() and flow_run.id else None
    shown_at, done, known = monotonic(), 0, total if isinstance(total, int) else None
    is_seen = sys.stderr.isatty()
    with Progress(console=Console(stderr=True), transient=True, disable=not is_seen) as bars:
        bar = bars.add_task(what, total=known)

        def advance(pieces: int) -> None:
            nonlocal shown_at, done, known
            done += pieces
            if is_seen:
                bars.advance(bar, pieces)
            if monotonic() - shown_at < EVERY_S:
                return
            if known is None:
                known = total() if callable(total) else total
                bars.update(bar, total=known)
            if artifact:
                artifact.show(min(100.0 * done / max(known, 1), 100.0))
            shown_at = monotonic()

        yield advance
        if artifact:
            artifact.finish()


class _ArtifactOf:
    def __init__(self, what: str) -> None:
        self.what = what
        self.id: UUID | None = None

    def finish(self) -> None:
        if self.id:
            self.show(100.0)

    def show(self, percent: float) -> None:
        if self.id is None:
            self.id = create_progress_artifact(percent, key=self.what, description=self.what)  # type: ignore[assignment]
        else:
            update_progress_artifact(self.id, progress=percent)
