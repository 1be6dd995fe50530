"""What `make up` is doing, step by step, with the seconds of each."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)
Note = Callable[[str], None]


@contextmanager
def step(what: str) -> Iterator[Note]:
    """A line that is busy while the block runs and says its seconds afterwards; call what it yields to add a word."""
    begun = time.monotonic()
    notes: list[str] = []
    with console.status(what):
        try:
            yield notes.append
        except BaseException:
            console.print(f"  [red]fail[/] {what} {time.monotonic() - begun:6.1f} s")
            raise
    note = f"  [dim]{', '.join(notes)}[/]" if notes else ""
    console.print(f"  [green]ok[/]   {what:<46} {time.monotonic() - begun:6.1f} s{note}")
