"""Reading services.toml, and the environment that a declared service gets."""

from pathlib import Path

from dotenv import dotenv_values

from tasks.declarations import read_declaration
from tasks.rules.faults import Fault, Refused
from tasks.rules.services.declaration import Service, services_of
from tasks.settings import child_environment
from tasks.step import step

_INVALID = "declaration_invalid"

# What a program needs of ours to run at all; our own secrets are not among it.
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")


@step
def read_service(config: Path, name: str) -> Service | None:
    """The service of that name; None if there is no declaration at all."""
    try:
        services = read_declaration(config, services_of, "the declaration", unread=_INVALID, invalid=_INVALID)
    except FileNotFoundError:
        return None
    if name not in services:
        raise Refused("unknown_service", "give --service a name that the declaration has")
    return services[name]


def env_file_of(service: Service, folder: Path) -> Path | None:
    """The service's env file, which must be there if it is declared."""
    if service.env_file is None:
        return None
    path = folder / service.env_file
    if not path.is_file():
        raise Refused("env_file_missing", "the declared env file is not there; make it, readable by its owner alone")
    return path


def own_values(service: Service, folder: Path) -> dict[str, str]:
    """What its env file sets, as it stands there."""
    path = env_file_of(service, folder)
    try:
        values = dotenv_values(path, interpolate=False) if path else {}
    except (OSError, UnicodeDecodeError) as error:
        raise Fault("env_file_missing", f"the env file cannot be read ({type(error).__name__})") from None
    return {name: value for name, value in values.items() if value is not None}


def environment_of(service: Service, folder: Path) -> dict[str, str]:
    """The little that every program needs, and what its env file sets."""
    ours = {name: value for name, value in child_environment().items() if name in _PASSED_ON}
    return ours | own_values(service, folder)
