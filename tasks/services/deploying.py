"""A service as a container: built, put in the place of the one before, judged, and taken back if it is not good.

What was good last is a tag in Docker itself (`<image>:watchkeeper-<service>-good`), so that a run that is killed
anywhere leaves nothing that the next one could not read there.
"""

from dataclasses import dataclass
from time import monotonic, sleep

from tasks.rules.faults import Fault, Refused
from tasks.rules.services.declaration import Service
from tasks.services import docker
from tasks.services.answers import healthy_after_ms
from tasks.services.commands import Place, refuse_foreign
from tasks.services.declared import env_file_of, own_values
from tasks.services.logs import keep_log
from tasks.services.processes import wait_until_free
from tasks.step import step

_PAUSE_S = 0.25
_PORT_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Before:
    """What stood in the container's place, and the image to go back to."""

    container: docker.Container | None
    good: str | None


@dataclass(frozen=True, slots=True)
class Up:
    """A container that answers well."""

    container: str
    health_ms: float
    seconds: float


@step
def look_before(place: Place) -> Before:
    """Refuse before anything is touched: no image, no env file, no daemon, a port or a container of somebody else."""
    service = place.service
    if not service.image:
        raise Refused("no_image", "declare image for this service, or restart it with service-restart")
    env_file_of(service, place.folder)
    docker.require_daemon()
    container = docker.container_named(service.container)
    if container and container.service != service.name:
        raise Refused("container_foreign", f"a container {service.container} is there that is not ours; remove it")
    if not (container and container.is_running):
        refuse_foreign(service, None)
    good = docker.image_id(_tagged(service, "good"))
    running = container.image if container and container.is_running else None
    return Before(container, good or running)


@step(retries=0)  # safe to repeat: the same candidate is built again
def build_image(place: Place) -> str:
    """Build the candidate, keep what was said, and return the image's id; what runs is not touched."""
    service, candidate = place.service, _tagged(place.service, "candidate")
    built, said = docker.build(place.folder / service.context, candidate, service.name)
    file = keep_log(place.own, "build", said, _secrets(place), "image")
    if not built:
        raise Fault("build_failed", "the log says which step of the Dockerfile failed", log=file)
    found = docker.image_id(candidate)
    if found is None:
        raise Fault("build_failed", "docker build ended well and left no image", log=file)
    return found


@step(retries=0)  # safe to repeat: whatever stands in the place is removed first
def put_up(place: Place, image: str) -> Up:
    """Remove what is in the container's place, run this image there, and wait until exactly that answers well."""
    service = place.service
    take_down(place)
    if not wait_until_free(service.port, _PORT_WAIT_S):
        refuse_foreign(service, None)
    env_file = env_file_of(service, place.folder)
    started = docker.run(service.container, image, service.name, service.published, env_file)
    return _await(place, started)


def _await(place: Place, started: str) -> Up:
    service, began = place.service, monotonic()
    while monotonic() - began < service.health_timeout_s:
        container = docker.container_named(service.container)
        if container is None or container.id != started:
            raise Fault("container_changed", "somebody else works on this container; find out who, then start again")
        if not container.is_running:
            raise Fault("ended_early", "the container ended by itself; its log says why")
        if (took_ms := healthy_after_ms(service.health)) is not None and _is_still(service, started):
            return Up(started, took_ms, round(monotonic() - began, 3))
        sleep(_PAUSE_S)
    raise Fault("health_timeout", "the container runs and is not healthy; its log says why")


def _is_still(service: Service, started: str) -> bool:
    """Whether the container that was started still runs after the answer, so that the answer was its own."""
    container = docker.container_named(service.container)
    return container is not None and container.id == started and container.is_running


@step(retries=0)  # safe to repeat: what is gone stays gone
def take_down(place: Place) -> str | None:
    """Keep the log of the service's container and remove it; returns the log's name."""
    container = docker.container_named(place.service.container)
    if container is None:
        return None
    if container.service != place.service.name:
        raise Refused("container_foreign", "a container of this name is there that is not ours; remove it")
    file = keep_log(place.own, "container", docker.logs_of(container.id), _secrets(place), container.id[:12])
    docker.remove(container, place.service.stop_grace_s)
    if docker.container_named(place.service.container):
        raise Fault("not_stopped", "docker rm did not remove the container; look at the daemon", log=file)
    return file


@step(retries=0)  # safe to repeat: tags are set, not moved
def call_good(place: Place, image: str) -> None:
    """Make this image the one to go back to, give it its declared name, drop what nothing names any more."""
    service = place.service
    docker.tag(image, _tagged(service, "good"))
    docker.tag(image, str(service.image))
    drop_candidate(place)


@step(retries=0)  # safe to repeat: what is gone stays gone
def drop_candidate(place: Place) -> None:
    docker.untag(_tagged(place.service, "candidate"))
    docker.prune(place.service.name)


def _tagged(service: Service, word: str) -> str:
    return f"{str(service.image).rpartition(':')[0]}:watchkeeper-{service.name}-{word}"


def _secrets(place: Place) -> list[str]:
    return list(own_values(place.service, place.folder).values())
