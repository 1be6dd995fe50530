"""All the checks, side by side."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import stamp, utc_now
from tasks.documents import write_document, write_page
from tasks.procedure import procedure, tell
from tasks.rules.contracts.validation import FULL_VALIDATE
from tasks.rules.outcome import Outcome
from tasks.rules.validation import chosen, section_said, validation_of, validation_page, validation_said
from tasks.validation import read_checks, run_checks

Folder = Annotated[str, Field(min_length=1, description="Where the artifacts are; logs go to `ci` inside.")]
Config = Annotated[str, Field(min_length=1, description="The file that declares the checks; they run in its folder.")]
Fast = Annotated[bool, Field(description="Only the checks that are marked fast.")]
AtOnce = Annotated[int, Field(ge=1, le=16, description="How many run at a time.")]


@procedure(FULL_VALIDATE, run_name=run_named("full-validate"))
def full_validate(
    config: Config = "validation.toml", artifacts_dir: Folder = "artifacts", fast: Fast = False, at_once: AtOnce = 4
) -> Outcome:
    """Run every declared check with a limit of its own and report each as it was.

    Runbook 004, full-validate. Writes FULL_STACK_VALIDATION.json and .md; the end of what a check said is in
    ci/<check>.<time>.log (without secrets; five of each are kept). A check past its limit is ended with all its
    children. If it fails: the section line names the check and how it ended; its log says why.

    Safety: runs the commands of the configuration and nothing else; one at a time in a folder of artifacts.
    """
    checks = chosen(read_checks(Path(config)), fast=fast)
    folder = Path(artifacts_dir).absolute()
    ran = run_checks(checks, Path(config).absolute().parent, folder / "ci", at_once)
    for one in ran:
        tell(section_said(one))
    validation = validation_of(ran, fast=fast)
    write_document(folder, "FULL_STACK_VALIDATION.json", validation)
    write_page(folder, "FULL_STACK_VALIDATION.md", validation_page(validation, stamp(utc_now())))
    return validation_said(ran, fast=fast)
