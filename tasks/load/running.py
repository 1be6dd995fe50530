"""Starting the harness, following how far it has come, and taking what it measured."""

import contextlib
import json
import logging
import subprocess
import sys
from collections.abc import Iterator, Sequence

from tasks.progress import progress
from tasks.rules.faults import Fault, Misconfigured
from tasks.rules.load.measured import Measured, measured_from
from tasks.rules.load.plan import Phase, Route
from tasks.settings import child_environment, is_set
from tasks.settings.services import WEBHOOK_SECRET
from tasks.step import step

_HARNESS = [sys.executable, "-m", "tasks.load.harness"]
log = logging.getLogger("prefect.watchkeeper")


def has_webhook_secret(route: Route) -> bool:
    """Whether deliveries can be signed; `Misconfigured` when they were asked for and cannot."""
    if not is_set(WEBHOOK_SECRET) and route in (Route.GITEA, Route.BOTH):
        raise Misconfigured(
            "missing_env",
            f"set {WEBHOOK_SECRET} as the webhook server has it, or leave the signed route out: --webhook-route test",
            env=(WEBHOOK_SECRET,),
        )
    return is_set(WEBHOOK_SECRET)


@step(retries=0)  # load is made once: a second one would meet another target
def make_load(phases: Sequence[Phase]) -> list[Measured]:
    """Run the phases one after another and give what was measured, with a progress artifact while it runs."""
    with progress("load-validation", sum(phase.total for phase in phases)) as advance, _harness() as process:
        assert process.stdin and process.stdout  # noqa: S101  both are pipes
        process.stdin.write(json.dumps([phase.as_data() for phase in phases]) + "\n")
        process.stdin.flush()
        measured = []
        for line in process.stdout:
            said = json.loads(line)
            if "ended" in said:
                advance(said["ended"])
            else:
                measured.append(measured_from(said["measured"]))
        if process.wait():
            raise Fault("generator_failed", "see the log of the run for what the load generator said")
    return measured


@contextlib.contextmanager
def _harness() -> Iterator["subprocess.Popen[str]"]:
    """The process of the harness; it is over when the block is, however that ends."""
    process = subprocess.Popen(
        _HARNESS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=child_environment(), text=True
    )
    try:
        yield process
    finally:
        process.kill()
        with process:
            pass
