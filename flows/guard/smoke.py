"""What the smoke and acceptance runs share: options, the declared suite, then the service that is running."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.guard.readiness import BaseUrl
from tasks.procedure import tell
from tasks.rules.guard.suites import probe_said, skips_said, smoke_said, suite_said
from tasks.rules.outcome import Contract, Outcome
from tasks.runtime.suites import probe_service, read_suite, refuse_unless_known, run_suite

Config = Annotated[str, Field(min_length=1, description="The file that declares the suites; folders are from there.")]
Service = Annotated[bool, Field(description="Ask the running service as well; without it only the suite counts.")]
Logs = Annotated[str, Field(min_length=1, description="Where the run's log goes: the end of it, without secrets.")]


def smoke(contract: Contract, name: str, config: str, base_url: BaseUrl, service: bool, logs: str) -> Outcome:
    path = Path(config)
    suite = read_suite(path, name)
    if service:
        refuse_unless_known(base_url)
    run = run_suite(suite, path.absolute().parent, Path(logs).absolute())
    for line in skips_said(run):
        tell(line)
    tell(suite_said(run))
    probes = probe_service(base_url) if service else ()
    for probe in probes:
        tell(probe_said(probe))
    return smoke_said(contract, run, probes)
