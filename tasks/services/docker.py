"""The docker command: what is there, building, running, removing. Variables go by env file, never as arguments."""

import json
import logging
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tasks.rules.faults import Fault, Misconfigured
from tasks.settings import child_environment

LABEL = "watchkeeper.service"
_QUICK_S, _STOP_SLACK_S, _BUILD_S = 60, 30, 3600
_LOG_LINES = "10000"
log = logging.getLogger("prefect.watchkeeper")


@dataclass(frozen=True, slots=True)
class Container:
    """One container; `service` is the service it was started for, if it was by us."""

    id: str
    image: str
    is_running: bool
    service: str | None


def has_docker() -> bool:
    return shutil.which("docker", path=child_environment().get("PATH")) is not None


def require_daemon() -> None:
    """Refuse if the docker command is there and its daemon does not answer."""
    if _asked("version", "--format", "{{.Server.Version}}").returncode:
        raise Misconfigured("docker_not_running", "start the Docker daemon, or let this user speak to it")


def container_named(name: str) -> Container | None:
    """The container of exactly that name, running or not."""
    found = _told("ps", "-a", "--no-trunc", "--filter", f"name=^{name}$", "--format", "{{.ID}}").split()
    if not found:
        return None
    answer = _asked("container", "inspect", found[0])
    if answer.returncode:  # it went away in between
        return None
    about = json.loads(answer.stdout)[0]
    return Container(
        about["Id"], about["Image"], about["State"]["Running"], (about["Config"]["Labels"] or {}).get(LABEL)
    )


def image_id(image: str) -> str | None:
    """The id of an image by its tag or id; None if there is none."""
    answer = _asked("image", "inspect", "--format", "{{.Id}}", image)
    return answer.stdout.decode().strip() if answer.returncode == 0 else None


def build(context: Path, tag: str, service: str) -> tuple[bool, bytes]:
    """Whether the image was built, and what was said."""
    answer = _asked("build", "-t", tag, "--label", f"{LABEL}={service}", str(context), limit_s=_BUILD_S)
    return answer.returncode == 0, answer.stdout + answer.stderr


def run(name: str, image: str, service: str, published: str, env_file: Path | None) -> str:
    """Start a container and return its id; one that did not come up may be there under its name."""
    words = ["run", "-d", "--name", name, "--label", f"{LABEL}={service}", "-p", published]
    words += ["--log-opt", "max-size=10m", "--log-opt", "max-file=3"]
    if env_file:
        words += ["--env-file", str(env_file)]
    answer = _asked(*words, image)
    if answer.returncode:
        raise Fault("run_failed", "docker run was refused; the run's log has its words")
    return answer.stdout.decode().split()[-1]


def logs_of(container: str) -> bytes:
    answer = _asked("logs", "--tail", _LOG_LINES, container)
    return answer.stdout + answer.stderr


def remove(container: Container, grace_s: int) -> None:
    """Stop it, asked first, and remove it; what is gone already is fine."""
    if container.is_running:
        _asked("stop", "-t", str(grace_s), container.id, limit_s=grace_s + _STOP_SLACK_S)
    _asked("rm", "-f", container.id)


def tag(image: str, name: str) -> None:
    _told("tag", image, name)


def untag(name: str) -> None:
    """Take the tag away, and the image with it if nothing else needs it."""
    _asked("image", "rm", name)


def prune(service: str) -> None:
    """Remove the images of this service that have no tag any more."""
    _asked("image", "prune", "-f", "--filter", f"label={LABEL}={service}")


def _told(*words: str) -> str:
    answer = _asked(*words)
    if answer.returncode:
        raise Fault("docker_failed", f"docker {words[0]} failed; the run's log has its words")
    return answer.stdout.decode("utf-8", "replace")


def _asked(*words: str, limit_s: float = _QUICK_S) -> "subprocess.CompletedProcess[bytes]":
    try:
        answer = subprocess.run(
            ["docker", *words],
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Fault("docker_failed", f"docker {words[0]} did not end in {limit_s:.0f} seconds") from None
    except OSError as error:
        raise Fault("docker_failed", f"docker cannot be run ({type(error).__name__})") from None
    if answer.returncode:
        log.info("docker %s: %s", words[0], answer.stderr.decode("utf-8", "replace")[-2000:])
    return answer
