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
def progress(what: str, total: int) -> Iterator[Advance]:
    """Yields a function to call with the number of pieces that were just finished, of `total` altogether.

    `what` is lowercase words with dashes: it is the key of the artifact as well. Work of less than a second leaves
    no artifact, and longer work updates it once a second.
    """
    artifact = _ArtifactOf(what, total) if has_server() and flow_run.id else None
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bars:
        bar = bars.add_task(what, total=total)

        def advance(pieces: int) -> None:
            bars.advance(bar, pieces)
            if artifact:
                artifact.advance(pieces)

        yield advance
        if artifact:
            artifact.finish()


class _ArtifactOf:
    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, total, 0
        self.shown_at = monotonic()
        self.id: UUID | None = None

    def advance(self, pieces: int) -> None:
        self.done += pieces
        if monotonic() - self.shown_at >= EVERY_S:
            self._show(min(100.0 * self.done / max(self.total, 1), 100.0))
            self.shown_at = monotonic()

    def finish(self) -> None:
        if self.id:
            self._show(100.0)

    def _show(self, percent: float) -> None:
        if self.id is None:
            self.id = create_progress_artifact(percent, key=self.what, description=self.what)  # type: ignore[assignment]
        else:
            update_progress_artifact(self.id, progress=percent)
