"""Where the server and `prefect.yaml` differ, setting by setting.

Pure: takes what is wanted and what was found. A schedule that an operator has switched off in the UI is no
difference: that switch is theirs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deployments.wanted import Wanted

ABSENT = "(absent)"


@dataclass(frozen=True)
class Found:
    """A deployment as the server holds it."""

    name: str
    flow_name: str
    id: str
    settings: Mapping[str, Any]
    schedules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    nameless_schedules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """One thing that is not as the file says."""

    deployment: str
    what: str
    wanted: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.deployment}: {self.what}: wanted {_short(self.wanted)}, found {_short(self.found)}"


def drift(wanted: Iterable[Wanted], found: Iterable[Found]) -> list[Difference]:
    """Every difference, in the order of the file; deployments that the file does not know come last."""
    there = {(one.flow_name, one.name): one for one in found}
    differences: list[Difference] = []
    for one in wanted:
        held = there.pop((one.flow_name, one.name), None)
        differences += [Difference(one.name, "deployment", "present", ABSENT)] if held is None else between(one, held)
    return differences + [Difference(one.name, "deployment", ABSENT, "present") for one in there.values()]


def between(wanted: Wanted, found: Found) -> list[Difference]:
    """What differs in one deployment."""
    settings = [
        Difference(wanted.name, name, value, found.settings.get(name))
        for name, value in wanted.settings.items()
        if found.settings.get(name) != value
    ]
    return settings + schedule_differences(wanted, found)


def schedule_differences(wanted: Wanted, found: Found) -> list[Difference]:
    slugs = sorted({*wanted.schedules, *found.schedules})
    pairs = [(slug, wanted.schedules.get(slug, ABSENT), found.schedules.get(slug, ABSENT)) for slug in slugs]
    by_slug = [
        Difference(wanted.name, f"schedule {slug}", ours, theirs) for slug, ours, theirs in pairs if ours != theirs
    ]
    nameless = [Difference(wanted.name, f"schedule {id_}", ABSENT, "no slug") for id_ in found.nameless_schedules]
    return by_slug + nameless


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 160 else text[:157] + "..."
