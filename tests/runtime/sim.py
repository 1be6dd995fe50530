"""Doors that no real runtime has: a test adjusts one that runs as a process of its own, and lets it route orders."""

from collections.abc import Callable

from tests.runtime.asked import Asked, Reply, as_json
from tests.runtime.orders import route


def adjust(asked: Asked) -> Reply:
    """`{"facts.md_connected": true, "skew_s": 3}`: set what a test in the same process would set on `world`."""
    for name, value in asked.fields().items():
        *path, last = name.split(".")
        place: object = asked.world
        for part in path:
            place = getattr(place, part)
        if isinstance(place, dict):
            place[last] = value
        else:
            setattr(place, last, value)
    return as_json(200, {})


def warm(asked: Asked) -> Reply:
    asked.world.warm_up()
    return as_json(200, {})


def send_orders(asked: Asked) -> Reply:
    """`{"count": 30, "latency_ms": 40, "ends": "filled"}`: so many orders through the router."""
    fields = asked.fields()
    count = int(str(fields.pop("count", 1)))
    return as_json(200, {"orders": [route(asked.world, **fields) for _ in range(count)]})  # type: ignore[arg-type]


SIM: list[tuple[str, dict[str, Callable[[Asked], Reply]]]] = [
    ("/sim/set", {"POST": adjust}),
    ("/sim/warm", {"POST": warm}),
    ("/sim/orders", {"POST": send_orders}),
]
