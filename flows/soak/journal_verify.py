"""Is the soak's journal whole, and is it the one that was written?"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.journal_heads import read_heads
from tasks.journal_reading import verify_journal
from tasks.procedure import procedure
from tasks.rules.contracts.soak import JOURNAL_VERIFY
from tasks.rules.journal_verdict import judge_journal
from tasks.rules.outcome import Outcome

JournalFile = Annotated[str, Field(min_length=1, description="The journal of the soak (JSON lines).")]


@procedure(JOURNAL_VERIFY, run_name=run_named("journal-verify"))
def journal_verify(journal: JournalFile = "artifacts/SOAK_JOURNAL.jsonl") -> Outcome:
    """Follow the whole hash chain and compare it with the heads that are kept outside the file.

    Runbook 004, Soak orchestration. Names what is wrong and its first line: flipped, respaced, crlf, torn, deleted,
    swapped, duplicated, forked, restarted; and, by the heads in the database, the artifact and the git note,
    truncated, rewritten, older_copy. Without any head the answer is unproven. If it fails: keep the file as it is,
    look at the named line, and put a good copy back or let the soak go on with a new journal. A torn end needs
    nothing: the next tick sets it aside.

    Safety: reads only. Memory stays the same for a journal of any size.
    """
    path = Path(journal)
    heads = read_heads(path)  # first: a line that is added while we read must not look like one too many
    reading = verify_journal(path, [head for held in heads.values() for head in held])
    return judge_journal(reading, heads)
