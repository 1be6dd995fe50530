"""How the webhook's secret is exchanged so that what a kill leaves at any moment is finished by the next start.

The env file of the service is the memory: the new secret stands in it as NEXT before anybody gets it, the old one as
PREVIOUS until it is seen to be refused (runbook 003, Incident Playbook 2).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SECRET = "GITEA_WEBHOOK_SECRET"
NEXT, PREVIOUS = f"{SECRET}_NEXT", f"{SECRET}_PREVIOUS"
SECRET_BYTES = 32
ROUTE = "/webhook/gitea"


class Stage(StrEnum):
    """How far an exchange came: not begun, the new secret made, both sides changed and nothing proved yet."""

    SETTLED = "settled"
    MADE = "made"
    CHANGED = "changed"


def stage_of(values: Mapping[str, str]) -> Stage:
    if values.get(NEXT):
        return Stage.MADE
    return Stage.CHANGED if values.get(PREVIOUS) else Stage.SETTLED


def made(values: Mapping[str, str], fresh: str) -> dict[str, str | None]:
    """What changes when the new secret is made; one that was made before a kill stays."""
    return {NEXT: values.get(NEXT) or fresh}


def changed(values: Mapping[str, str]) -> dict[str, str | None]:
    """What changes when Gitea has the new one. The oldest secret stays the one whose refusal is proved."""
    return {SECRET: values[NEXT], PREVIOUS: values.get(PREVIOUS) or values.get(SECRET) or None, NEXT: None}


def settled() -> dict[str, str | None]:
    return {PREVIOUS: None}


def with_values(text: str, changes: Mapping[str, str | None]) -> str:
    """An env file with these variables set, or taken out where None; every other line stays as it is."""
    lines = text.splitlines()
    for name, value in changes.items():
        of_name = re.compile(rf"\s*(?:export\s+)?{name}\s*=")
        places = [number for number, line in enumerate(lines) if of_name.match(line)]
        new = [] if value is None else [f"{name}={value}"]
        first = places[0] if places else len(lines)
        kept = [line for number, line in enumerate(lines) if number not in places]
        lines = [*kept[:first], *new, *kept[first:]]
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of a repository at Gitea, as far as changing its secret needs it; the URL may hold a login."""

    owner: str
    repository: str
    number: int
    url: str
    content_type: str


def leads_to(url: str, only: str) -> bool:
    """Whether a hook is meant: exactly that URL where one was named, else any that ends in the server's route."""
    return url == only if only else url.split("?", maxsplit=1)[0].rstrip("/").endswith(ROUTE)


def repository_of(text: str) -> tuple[str, str] | None:
    """`owner/name` in its two parts."""
    found = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,99})/([A-Za-z0-9_.-]{1,100})", text)
    return (found[1], found[2]) if found else None
