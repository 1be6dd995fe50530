"""What services.toml declares: how a service is started, where it answers, what it is built from.

Runbook 003, Start/Stop. A command is a list of words, run without a shell in the folder of the
file. Secrets stand in the env file alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
_HEALTH = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]):(?P<port>\d{1,5})/[A-Za-z0-9._~/-]*")
_IMAGE = re.compile(r"[a-z0-9]+([._/-][a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}")
_KNOWN = {
    "name",
    "start",
    "stop",
    "port",
    "health",
    "env_file",
    "health_timeout_s",
    "stop_grace_s",
    "image",
    "context",
    "container_port",
}


@dataclass(frozen=True, slots=True)
class Service:
    """One service; `start` stays in front of its process, `image` is what `docker-deploy` builds of `context`."""

    name: str
    port: int
    health: str
    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    env_file: str | None = None
    health_timeout_s: int = 60
    stop_grace_s: int = 10
    image: str | None = None
    context: str = "."
    container_port: int | None = None

    @property
    def container(self) -> str:
        return f"watchkeeper-{self.name}"

    @property
    def published(self) -> str:
        """`host:container`, as `docker run -p` takes it."""
        return f"{self.port}:{self.container_port or self.port}"


def services_of(document: Mapping[str, object]) -> dict[str, Service]:
    """The services by name; ValueError says in words of ours what is wrong."""
    rows = document.get("service")
    if set(document) != {"service"} or not isinstance(rows, list) or not rows:
        raise ValueError("the file is a list of [[service]]")
    services = [_service(row) for row in rows]
    if len({one.name for one in services}) < len(services) or len({one.port for one in services}) < len(services):
        raise ValueError("a name or a port stands twice")
    return {one.name: one for one in services}


def _service(row: object) -> Service:
    if not isinstance(row, Mapping) or not set(row) <= _KNOWN:
        raise ValueError("a service has name, start, stop, port, health, env_file, image, context and limits")
    service = Service(
        name=_text(row, "name", _NAME),
        port=_number(row, "port", 1, 65535, None),
        health=_text(row, "health", _HEALTH),
        start=_command(row, "start"),
        stop=_command(row, "stop"),
        env_file=_path(row, "env_file", None),
        health_timeout_s=_number(row, "health_timeout_s", 1, 3600, 60),
        stop_grace_s=_number(row, "stop_grace_s", 1, 600, 10),
        image=_text(row, "image", _IMAGE) if "image" in row else None,
        context=_path(row, "context", ".") or ".",
        container_port=_number(row, "container_port", 1, 65535, None) if "container_port" in row else None,
    )
    if not service.start and not service.image:
        raise ValueError("a service has start, or image, or both")
    address = _HEALTH.fullmatch(service.health)
    if address is None or int(address["port"]) != service.port:
        raise ValueError("health asks the service's own port")
    return service


def _text(row: Mapping[str, object], key: str, pattern: re.Pattern[str]) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{key} is missing or not as it must be")
    return value


def _path(row: Mapping[str, object], key: str, default: str | None) -> str | None:
    value = row.get(key, default)
    if value is not None and (not isinstance(value, str) or not value or "\0" in value):
        raise ValueError(f"{key} is a path")
    return value


def _command(row: Mapping[str, object], key: str) -> tuple[str, ...]:
    words = row.get(key, [])
    if not isinstance(words, list) or not all(isinstance(word, str) and word and "\0" not in word for word in words):
        raise ValueError(f"{key} is a list of words")
    return tuple(words)


def _number(row: Mapping[str, object], key: str, least: int, most: int, default: int | None) -> int:
    value = row.get(key, default)
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{key} is a whole number from {least} to {most}")
    return value
