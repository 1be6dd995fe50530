"""`python -m deployments up|down|status|register|drift`: what the targets of the Makefile call."""

import argparse
import logging
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from deployments import stack
from deployments.children import read_stack
from deployments.made_secrets import made_secrets, write_private
from deployments.stack import Place
from deployments.steps import console, step
from tasks import embedded
from tasks.rules.faults import Fault, Misconfigured
from tasks.rules.outcome import EXIT_FAILED, EXIT_OK
from tasks.settings import is_set, settings
from tasks.settings.receiver import RECEIVER_PORT, receiver_port

if TYPE_CHECKING:
    from tasks.operations import StoredOutcome

EXIT_INTERRUPTED = 130


def up(place: Place) -> int:
    """Start what is not running, make the server and the databases what they should be, show the first watch."""
    with stack.only_one(place.home):
        environment = _use(place, {})
        with step(f"Prefect server on {place.ui_url}") as note:
            fresh = stack.start_server(place, environment)
            note("starting" if fresh else "up already")
        with step("PostgreSQL in .watchkeeper/postgres"):
            secrets = {**embedded.keep(place.home).dsns, **made_secrets(place.home)}
            environment = _use(place, secrets)
            _write_environment(place, environment, (*secrets, "PREFECT_API_URL", "PREFECT_UI_URL", "PREFECT_HOME"))
            stack.start_engine(place, environment)
        _watch(place, environment, fresh)
    return EXIT_OK


def _watch(place: Place, environment: dict[str, str], fresh: bool) -> None:
    """The rest of `up`; these imports take seconds, and the server starts meanwhile."""
    with step("procedures"):
        from deployments import first_watch, register, wanted

        logging.getLogger("prefect").setLevel(logging.WARNING)  # the lines are shown at the end
        asked = wanted.read_wanted()
    with step("database plans") as note:
        note(first_watch.apply_plans())
    with step("sample traffic") as note:
        note(first_watch.load_traffic())
    with step("Prefect server answers"):
        stack.await_server(place)
    with step("deployments of prefect.yaml") as note:
        mended = register.register(asked).mended
        note(
            f"{len(asked)} registered, {len(mended)} settings changed"
            if mended
            else f"{len(asked)} as they should be"
        )
    with step("worker") as note:
        note("started" if stack.start_worker(place, environment, anew=fresh) else "up already")
    shown = _first_runs(place)
    with step("webhook receiver") as note:
        note(_start_receiver(place, environment))
    _show(place, shown)


def _first_runs(place: Place) -> "list[StoredOutcome]":
    from deployments import first_watch

    shown = []
    for procedure, parameters in first_watch.RUNS.items():
        held = first_watch.seen(procedure)
        with step(f"run of {procedure}") as note:
            if held:
                note(f"{first_watch.age(held.at)} ago, not run again")
            outcome = held or first_watch.run_deployment(procedure, parameters, lambda: _has_worker(place))
        shown.append(outcome)
    return shown


def _start_receiver(place: Place, environment: dict[str, str]) -> str:
    """What became of it: without a port that was asked for it is an extra, and must not end `make up`."""
    try:
        return "started" if stack.start_receiver(place, environment) else "up already"
    except Misconfigured as busy:
        if is_set(RECEIVER_PORT):
            raise
        return f"not started: {busy.next_step}"


def _show(place: Place, shown: "list[StoredOutcome]") -> None:
    console.print()
    for line in dict.fromkeys(line for outcome in shown for line in outcome.lines):
        console.out(f"  {line}", highlight=False)
    console.print(_NEXT.format(ui=place.ui_url, receiver=receiver_port()))
    if any(outcome.exit_code for outcome in shown):
        raise Fault("unhealthy", "a procedure of the first watch is not content: its line is above")


_NEXT = """
  The UI      {ui}  (Deployments, ops-daily, Run: Custom run shows its form)
  By hand     . .watchkeeper/env && .venv/bin/watchkeeper ops-daily --mode prod
  All of it   .venv/bin/watchkeeper --help
  Webhook     http://127.0.0.1:{receiver}/webhook/gitea  (its secret is in .watchkeeper/env)
  The end     make down
"""


def _has_worker(place: Place) -> bool:
    held = read_stack(place.home)
    return held is not None and held.alive("worker")


def down(place: Place) -> int:
    with stack.only_one(place.home):
        if not stack.stop(place.home, lambda what: console.print(f"  {what}")):
            console.print("  nothing was running")
    return EXIT_OK


def status(place: Place) -> int:
    """What is up; exit 1 unless all of it is."""
    held = read_stack(place.home)
    up_now = {name: bool(held and held.alive(name)) for name in stack.PARTS}
    up_now["postgres"] = embedded.running(place.home) is not None
    for name, alive in up_now.items():
        console.print(f"  {name:<10} {'up' if alive else 'down'}")
    return EXIT_OK if all(up_now.values()) else EXIT_FAILED


def register_all(place: Place, *, prune: bool) -> int:
    _use_configured_server(place)
    from deployments import register, wanted

    done = register.register(wanted.read_wanted(), prune=prune)
    for difference in done.mended:
        console.print(f"  mended  {difference}", markup=False)
    for stranger in done.strangers:
        console.print(
            f"  {stranger.deployment}: on the server but not in prefect.yaml; --prune deletes it", markup=False
        )
    console.print(f"  prefect.yaml and the server agree ({len(done.mended)} differences mended)")
    return EXIT_OK


def show_drift(place: Place) -> int:
    """Every difference, one a line; exit 1 if there is any."""
    _use_configured_server(place)
    from deployments import register, wanted

    differences = register.read_drift(wanted.read_wanted())
    for difference in differences:
        console.print(f"  {difference}", markup=False)
    console.print(f"  {len(differences)} differences" if differences else "  no drift")
    return EXIT_FAILED if differences else EXIT_OK


def _use(place: Place, dsns: dict[str, str]) -> dict[str, str]:
    """Make this process see what the stack's processes see, before Prefect is imported."""
    environment = place.environment(dsns)
    for name in stack.NOT_INHERITED:
        os.environ.pop(name, None)
    os.environ.update(environment)
    return environment


def _use_configured_server(place: Place) -> None:
    """The server that the environment names, or else the one that `make up` started here."""
    held = read_stack(place.home)
    if not settings().prefect_api_url and held:
        _use(Place(place.folder, held.port), {})
    if not settings().prefect_api_url:
        raise Fault("orchestrator_unreachable", "set PREFECT_API_URL, or start a server with: make up")


def _write_environment(place: Place, environment: dict[str, str], names: tuple[str, ...]) -> None:
    """For a shell: `. .watchkeeper/env` and the command works on the stack."""
    write_private(place.home / "env", "".join(f"export {name}={shlex.quote(environment[name])}\n" for name in names))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m deployments", description=__doc__)
    parser.add_argument("what", choices=["up", "down", "status", "register", "drift"])
    parser.add_argument("--prune", action="store_true", help="register: delete deployments that left prefect.yaml")
    asked = parser.parse_args(arguments)
    place = Place(Path.cwd(), settings().port)
    doing: dict[str, Callable[[Place], int]] = {
        "up": up,
        "down": down,
        "status": status,
        "register": lambda here: register_all(here, prune=asked.prune),
        "drift": show_drift,
    }
    return doing[asked.what](place)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Fault as fault:
        sys.stderr.write(f"watchkeeper: {fault.next_step}\n")
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        sys.stderr.write("watchkeeper: interrupted; make up goes on from here, make down ends what was started\n")
        sys.exit(EXIT_INTERRUPTED)
