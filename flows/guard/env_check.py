"""What speaks against starting a runtime with a file of variables."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.guard.env_sample import RuntimeProfile
from flows.naming import run_named
from tasks.evidence import show_table
from tasks.procedure import procedure, tell
from tasks.rules.contracts.environment import ENV_CHECK
from tasks.rules.guard.environment import environment_said, finding_said, findings
from tasks.rules.guard.profiles import Profile
from tasks.rules.outcome import Outcome
from tasks.runtime.environment_files import environment_digest, read_environment

File = Annotated[str, Field(min_length=1, description="The file of variables the runtime would get.")]
Folder = Annotated[str, Field(description="The folder the runtime starts in; empty: the folder of the file.")]
Other = Annotated[str, Field(description="The file of another profile: the keys in it must be others.")]


@procedure(ENV_CHECK, run_name=run_named("env-check", "profile"))
def env_check(profile: RuntimeProfile, file: File, folder: Folder = "", other_file: Other = "") -> Outcome:
    """Say all that speaks against starting a runtime in this profile with this file.

    Runbook 002, ENV & Flags and the quick starts. A line for each finding: code, variable, severity and what to do;
    warnings do not fail. Test keys and live keys are compared by digest, in the file, in the secrets store that it
    names and in --other-file. If it fails: do what the hints say, then check again.

    Safety: only reads; shows names of variables, never a value, and starts nothing.
    """
    asked = Profile(profile)
    at, other = Path(folder) if folder else None, Path(other_file) if other_file else None
    digest = environment_digest(Path(file))
    given = read_environment(Path(file), asked, at, other)
    found = findings(asked, given)
    for one in found:
        tell(finding_said(one))
    show_table("env-check", [one.shown() for one in found], f"environment of {profile}")
    return environment_said(asked, digest, given, found)
