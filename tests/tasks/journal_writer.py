"""A writer in a process of its own: `python -m tests.tasks.journal_writer JOURNAL NUMBER TICKS`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from tasks.journal import journal_at
from tests.journals import tick

if __name__ == "__main__":
    path, writer, ticks = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with journal_at(path) as journal:
        for number in range(ticks):
            journal.append(tick(region=f"writer-{writer}", number=number), now=datetime.now(UTC))
