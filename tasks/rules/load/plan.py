"""What a load validation asks for: its phases, each with the moments at which its requests are due.

Pure. The model is open: request number i is due i / rate seconds after the phase began, whatever became of those
before it, and its latency counts from then. A target that stalls can so not slow down the one that measures it.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from tasks.rules.faults import Refused

LONGEST_S = 3600  # of all phases together; more is a soak, not a validation


class Name(StrEnum):
    """The phases in their order; the words are those of the evidence."""

    WEBHOOK = "webhook"
    SIGNED = "webhook_signed"
    HEARTBEAT = "api_heartbeat"
    EPIC = "parallel_epic_trigger"
    CONNECT = "websocket_connect"
    HOLD = "websocket_hold"


class Route(StrEnum):
    """Which webhooks are sent; `auto` leaves the signed one out where no secret is set."""

    AUTO = "auto"
    TEST = "test"
    GITEA = "gitea"
    BOTH = "both"


PATHS: Mapping[Name, str] = {
    Name.WEBHOOK: "/webhook/test",
    Name.SIGNED: "/webhook/gitea",
    Name.HEARTBEAT: "/v1/system/heartbeat",
    Name.EPIC: "/v1/system/run-active",
}


@dataclass(frozen=True, slots=True)
class Targets:
    """Where the services are; no URL carries a user, a password or a query."""

    webhook_base_url: str
    api_base_url: str
    ws_url: str


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much, how fast (starts a second) and over how many connections at most."""

    webhook_total: int
    webhook_concurrency: int
    webhook_rate: float
    api_total: int
    api_concurrency: int
    api_rate: float
    epic_total: int
    epic_concurrency: int
    epic_rate: float
    ws_clients: int
    ws_rate: float
    ws_hold_s: float
    timeout_s: float
    duration_s: float = 0.0  # above 0 every HTTP phase lasts so long at its rate, whatever its total
    webhook_route: Route = Route.AUTO


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase: `total` starts at `rate` a second, each given up `timeout_s` after it was due."""

    name: Name
    url: str
    total: int
    rate: float
    concurrency: int
    timeout_s: float
    hold_s: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it lasts while the target keeps up."""
        return self.total / self.rate + self.hold_s

    def due_ns(self, number: int) -> int:
        """When request `number` is due, in nanoseconds since the phase began."""
        return int(number * 1e9 / self.rate)

    def as_data(self) -> dict[str, str | int | float]:
        return asdict(self)


def phases_of(targets: Targets, amounts: Amounts, *, has_secret: bool) -> list[Phase]:
    """The phases that will be run, in order; what has no request to make is left out."""
    routes = _routes(amounts.webhook_route, has_secret=has_secret)
    asked = (
        (Name.WEBHOOK, amounts.webhook_total * routes[0], amounts.webhook_rate, amounts.webhook_concurrency),
        (Name.SIGNED, amounts.webhook_total * routes[1], amounts.webhook_rate, amounts.webhook_concurrency),
        (Name.HEARTBEAT, amounts.api_total, amounts.api_rate, amounts.api_concurrency),
        (Name.EPIC, amounts.epic_total, amounts.epic_rate, amounts.epic_concurrency),
    )
    phases = [
        Phase(name, _url(targets, name), _total(total, rate, amounts.duration_s), rate, most, amounts.timeout_s)
        for name, total, rate, most in asked
    ]
    clients = Phase(
        Name.CONNECT,
        targets.ws_url,
        amounts.ws_clients,
        amounts.ws_rate,
        max(amounts.ws_clients, 1),
        amounts.timeout_s,
        amounts.ws_hold_s,
    )
    return [phase for phase in (*phases, clients) if phase.total]


def left_out(phases: list[Phase]) -> tuple[Name, ...]:
    """The phases that a whole validation has and this one has not."""
    return tuple(name for name in Name if name not in {phase.name for phase in phases} and name is not Name.HOLD)


def refuse_too_long(phases: list[Phase]) -> None:
    if (seconds := sum(phase.seconds for phase in phases)) > LONGEST_S:
        raise Refused("load_too_long", f"it would take {seconds / 60:.0f} minutes: lower a total or raise its rate")


def _routes(route: Route, *, has_secret: bool) -> tuple[int, int]:
    """Whether the test route and the signed route are called, as factors of the total."""
    return {
        Route.TEST: (1, 0),
        Route.GITEA: (0, 1),
        Route.BOTH: (1, 1),
        Route.AUTO: (1, int(has_secret)),
    }[route]


def _total(total: int, rate: float, duration_s: float) -> int:
    return math.ceil(rate * duration_s) if duration_s and total else total


def _url(targets: Targets, name: Name) -> str:
    base = targets.webhook_base_url if name in (Name.WEBHOOK, Name.SIGNED) else targets.api_base_url
    return base.rstrip("/") + PATHS[name]
