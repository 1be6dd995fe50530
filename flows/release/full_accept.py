"""Are the artifacts that the gates read what they must be?"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.documents import read_documents
from tasks.procedure import procedure, tell
from tasks.rules.acceptance import ACCEPTED_FILES, judge_files
from tasks.rules.contracts.validation import FULL_ACCEPT
from tasks.rules.outcome import Outcome

Folder = Annotated[str, Field(min_length=1, description="Where the artifacts are.")]
MaxAgeHours = Annotated[
    int | None,
    Field(ge=1, le=8760, description="How old they may be by the time inside them; any age if left out."),
]


@procedure(FULL_ACCEPT, run_name=run_named("full-accept"))
def full_accept(artifacts_dir: Folder = "artifacts", max_age_hours: MaxAgeHours = None) -> Outcome:
    """Hold the four key artifacts against their schemas and name every problem.

    Runbook 004, Full-Accept. The schemas are in docs/schemas. A validation that says FAIL, a report without a trade
    and a time in the future are refused as well. If it fails: each line above the last one names a file and what is
    wrong with it; start the producer of that file again, do not edit the file.

    Safety: reads four files.
    """
    readings = read_documents(Path(artifacts_dir), ACCEPTED_FILES)
    max_age_s = max_age_hours * 3600 if max_age_hours else None
    errors, verdict = judge_files(readings, int(utc_now().timestamp()), max_age_s)
    for error in errors:
        tell(error)
    return verdict
