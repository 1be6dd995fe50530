"""The runtime as a declared service: which one it is, how it ended last what must be green, and where it answers."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tasks.operations import last_outcomes
from tasks.rules.faults import Misconfigured, Refused
from tasks.rules.guard.start_check import LastRun
from tasks.services.commands import Place
from tasks.services.declared import read_service
from tasks.settings.guard import runtime_address, runtime_settings
from tasks.step import step

SERVICE = "runtime"
"""The runtime's name in services.toml."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the runtime answers, and its declaration if that is the runtime which is declared."""

    base: str
    place: Place | None


@step
def find_runtime(given: str, config: str) -> Whereabouts:
    """Where it is: as given, as RUNTIME_URL says, else on this machine at the port it is declared with."""
    place = _declared(Path(config))
    if not given and not runtime_settings().url and place:
        return Whereabouts(f"http://127.0.0.1:{place.service.port}", place)
    address = runtime_address(given)
    is_it = place is not None and address.is_loopback and address.port == place.service.port
    return Whereabouts(address.root, place if is_it else None)


def _declared(path: Path) -> Place | None:
    """The declaration of a runtime that can be started; None where services.toml has none."""
    try:
        service = read_service.fn(path, SERVICE)
    except Refused as refused:
        if refused.reason == "unknown_service":
            return None
        raise
    return Place(service, path.absolute().parent) if service and service.start else None


def env_file_for(given: str, place: Place | None) -> Path:
    """The file of variables it starts with: as declared, else as given; `Misconfigured` if nobody has named one."""
    if place and place.service.env_file:
        return place.folder / place.service.env_file
    if named := given or runtime_settings().env_file:
        return Path(named)
    raise Misconfigured("env_file_missing", "give --env-file, or set RUNTIME_ENV_FILE", env=("RUNTIME_ENV_FILE",))


@step
def last_run_of(procedure: str, now: datetime) -> LastRun | None:
    """How it ended last; None if it never ran."""
    found = last_outcomes(procedure)
    return LastRun(found[0].status, (now - found[0].at).total_seconds()) if found else None
