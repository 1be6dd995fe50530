"""A complete file of variables to start a runtime with."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from tasks.procedure import procedure
from tasks.rules.contracts.environment import ENV_SAMPLE
from tasks.rules.guard.profiles import Profile
from tasks.rules.guard.sample import count_of, sample_of, secrets_of
from tasks.rules.outcome import Outcome, Status
from tasks.runtime.environment_files import write_private

RuntimeProfile = Annotated[
    Literal["paper", "testnet", "live"], Field(description="The profile the runtime is to be started in.")
]
Out = Annotated[str, Field(min_length=1, description="Where the file goes; for its owner alone (0600).")]
Overwrite = Annotated[bool, Field(description="Replace a file that is there; whatever it holds is lost.")]


@procedure(ENV_SAMPLE, run_name=run_named("env-sample", "profile"))
def env_sample(profile: RuntimeProfile, out: Out, overwrite: Overwrite = False) -> Outcome:
    """Write every variable a profile needs, with the values of a safe start and the secrets left empty.

    Runbook 002, ENV & Flags. SAFE_MODE=1 and DRY_RUN_MODE=1 in every profile; the same profile gives the same bytes.
    Then fill in the lines marked as secret and run env-check. If it fails: a file is there already; give another
    --out, or --overwrite.

    Safety: writes this one file, readable by its owner alone; never a secret, and over nothing unless told.
    """
    chosen = Profile(profile)
    write_private(Path(out), sample_of(chosen), overwrite=overwrite)
    return ENV_SAMPLE.says(Status.OK, profile=profile, variables=count_of(chosen), secrets=len(secrets_of(chosen)))
