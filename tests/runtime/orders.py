"""Orders, the counters they leave, and the two metric surfaces that do not overlap (spec 002, 9)."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.runtime.asked import Asked, Reply, as_json
from tests.runtime.views import guard_reason, guard_state, kill_flag
from tests.runtime.world import World

BUCKETS_MS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000)


def route(
    world: World, *, notional: float = 50.0, latency_ms: float = 40.0, ends: str = "filled"
) -> dict[str, object]:
    """One order through the smart router; the textfile is written afterwards, whatever became of the order."""
    code = _block_code(world, notional)
    order: dict[str, object] = {"ok": code is None, "reason": code, "ends": ends if code is None else "blocked"}
    order |= {"latency_ms": latency_ms if code is None else min(latency_ms, 3.0), "notional": notional}
    world.orders.append(order)
    world.facts.watchdog = world.facts.watchdog or "ok"
    write_textfile(world)
    return order


def _block_code(world: World, notional: float) -> str | None:
    """The first code that hits; control's safe mode and HOLD are not among what the router looks at (W15)."""
    if world.blocked_by:
        return world.blocked_by
    if kill_flag(world):
        return "safe-mode"
    if world.is_live and guard_state(world) != "enabled":
        return "live-guard"
    if world.environ.get("FF_READINESS_AGG_GUARD") == "1":
        return "readiness-agg"  # nobody publishes the signals it waits for (W9)
    limit = float(world.environ.get("CANARY_MAX_ORDER_NOTIONAL_USD", "200"))
    if world.flag("CANARY_MODE") and notional > limit:
        return "canary-max-order-notional"
    return None


def accept_anyway(asked: Asked) -> Reply:
    """The other order API: acknowledged under HOLD and safe mode, and in no textfile (W15)."""
    asked.operator()
    asked.world.orders.append({"ok": True, "reason": None, "ends": "acked", "latency_ms": 12.0, "by": "api"})
    return as_json(200, {"order_id": f"o-{next(asked.world.ids)}", "state": "ACKED"})


def write_textfile(world: World) -> None:
    """Atomic, 0600, TYPE lines without HELP, %g: six digits and no more (W20)."""
    path = world.environ.get("METRICS_PATH")
    if not path:
        return
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".metrics-")
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(textfile_lines(world)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(target)


def textfile_lines(world: World) -> Iterable[str]:
    routed = [one for one in world.orders if one.get("by") != "api"]
    for name, count in (
        ("submitted", sum(one["ok"] is True for one in routed)),
        ("filled", sum(one["ends"] == "filled" for one in routed)),
        ("rejected", sum(one["ends"] in ("rejected", "expired") for one in routed)),
    ):
        yield from _counter(f"propbot_orders_{name}_total", {"": count} if count else {})
    yield from _blocked(str(one["reason"]) for one in routed if one["reason"])
    latencies = [float(str(one["latency_ms"])) for one in routed]  # the blocked ones among them (W16)
    yield from _histogram(latencies)
    yield "# TYPE propbot_orders_open gauge"
    yield f'propbot_orders_open{{venue="all"}} {sum(one["ends"] == "open" for one in routed):g}'
    yield "# TYPE propbot_orders_final_total gauge"
    yield f"propbot_orders_final_total {sum(one['ends'] != 'open' for one in routed):g}"
    yield "# TYPE propbot_md_staleness_p95_ms gauge"
    yield f'propbot_md_staleness_p95_ms{{venue="binance-um"}} {min(world.facts.md_staleness_s, 9) * 1000:g}'
    yield "# TYPE propbot_health_watchdog_overall gauge"
    for level in ("ok", "warn", "fail"):
        yield f'propbot_health_watchdog_overall{{level="{level}"}} {int(world.facts.watchdog == level):g}'


def _blocked(reasons: Iterable[str]) -> Iterable[str]:
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    canary = {reason: count for reason, count in counts.items() if reason.startswith("canary-")}
    labelled = {f'{{reason="{reason}"}}': count for reason, count in sorted(counts.items())}
    yield from _counter("propbot_orders_blocked_total", labelled)
    yield from _counter("propbot_canary_blocks_total", {f'{{reason="{one}"}}': n for one, n in canary.items()})


def _counter(name: str, samples: dict[str, int]) -> Iterable[str]:
    yield f"# TYPE {name} counter"
    yield from (f"{name}{labels} {count:g}" for labels, count in samples.items())


def _histogram(latencies: list[float]) -> Iterable[str]:
    yield "# TYPE propbot_router_latency_ms histogram"
    for limit in BUCKETS_MS:
        yield f'propbot_router_latency_ms_bucket{{le="{limit:g}"}} {sum(one <= limit for one in latencies):g}'
    yield f'propbot_router_latency_ms_bucket{{le="+Inf"}} {len(latencies):g}'
    yield f"propbot_router_latency_ms_sum {sum(latencies):g}"
    yield f"propbot_router_latency_ms_count {len(latencies):g}"


def http_metrics(asked: Asked) -> Reply:
    """The other registry: same name of the blocked orders, other meaning; readiness only once somebody asked."""
    return Reply(200, ("\n".join(_http_lines(asked.world)) + "\n").encode(), {"content-type": "text/plain"})


def _http_lines(world: World) -> Iterable[str]:
    yield "# TYPE process_start_time_seconds gauge"
    yield f"process_start_time_seconds {world.began}"
    yield "# HELP readiness_status Aggregated live readiness status."
    yield "# TYPE readiness_status gauge"
    if world.published_status:
        for word in ("GREEN", "YELLOW", "RED"):
            yield f'readiness_status{{status="{word}"}} {float(word == world.published_status)}'
    yield "# TYPE live_trading_guard_state gauge"
    state = {"test_only": 0.0, "disabled": 1.0, "enabled": 2.0}[guard_state(world)]
    yield f'live_trading_guard_state{{runtime_profile="{world.profile}"}} {state}'
    yield "# TYPE order_submit_latency_ms histogram"
    acked = [one for one in world.orders if one["ok"]]
    yield f'order_submit_latency_ms_bucket{{le="+Inf"}} {float(len(acked))}'
    yield f"order_submit_latency_ms_count {float(len(acked))}"
    yield f"order_submit_latency_ms_sum {sum(float(str(one['latency_ms'])) for one in acked)}"
    yield "# TYPE propbot_orders_blocked_total counter"
    yield f'propbot_orders_blocked_total{{reason="{"none" if guard_reason(world) is None else "live_guard"}"}} 0.0'
    yield "# TYPE order_errors_total counter"
    for venue, errors in world.facts.auth_errors.items():
        yield f'order_errors_total{{venue="{venue}",reason="auth"}} {float(errors)}'
    yield "# TYPE market_data_staleness_seconds gauge"
    yield f'market_data_staleness_seconds{{venue="binance-um",symbol="BTCUSDT"}} {world.facts.md_staleness_s}'
