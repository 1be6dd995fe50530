"""What can be read: every GET of the recorded surface, the ones that disagree and the one that acts included."""

from tests.runtime.asked import Asked, Refusal, Reply, as_json
from tests.runtime.world import KILL_WORDS, World


def healthz(asked: Asked) -> Reply:
    data = _health(asked.world)
    return as_json(200 if data["ok"] else 503, data)


def late_healthz(asked: Asked) -> Reply:
    """/api/health and /api/healthz exist only once the watchdog woke up (W23)."""
    if asked.world.facts.watchdog is None:
        raise Refusal(404, "Not Found")
    return healthz(asked)


def _health(world: World) -> dict[str, object]:
    facts = world.facts
    parts = {name: getattr(facts, name) for name in ("journal_ok", "resume_ok", "leader", "config_ok")}
    ok = facts.ok and facts.journal_ok and facts.resume_ok and not world.stopping  # leader and config do not count
    more = {"watchdog": {"overall": facts.watchdog}} if facts.watchdog else {}
    return {"ok": ok, **parts, **more}


def live_readiness(asked: Asked) -> Reply:
    """The first of the two: knows of leader, journal and config, and of no market data at all (W9)."""
    world, facts = asked.world, asked.world.facts
    strict = world.environ.get("HEALTH_PROFILE_STRICT", "live") == world.category
    reasons = [
        reason
        for reason, bad in (
            ("watchdog:auto_hold", facts.watchdog_auto_hold),
            ("daily_loss:breach", facts.daily_loss_breach),
            ("leader:not_acquired", not facts.leader),
            ("healthz:not_ok", not _health(world)["ok"]),
            ("journal:not_ok", not facts.journal_ok),
            ("config:not_ok", not facts.config_ok),
            ("health-watchdog-fail", strict and facts.watchdog == "fail"),
            ("health-watchdog-warn", strict and facts.watchdog == "warn" and world.flag("HEALTH_FAIL_ON_WARN")),
        )
        if bad
    ]
    data = {"ready": not reasons, "reasons": reasons, "leader": facts.leader, "health_ok": facts.ok}
    data |= {"journal_ok": facts.journal_ok, "config_ok": facts.config_ok, "fencing_id": None, "hb_age_sec": None}
    if facts.watchdog:
        data["watchdog"] = {"overall": facts.watchdog}
    return as_json(503 if reasons else 200, data)


def live_slash_readiness(asked: Asked) -> Reply:
    """The second: looks at market data, recon, router and holds; always 200, and publishes the gauge when read."""
    world = asked.world
    red, yellow = _red(world), _yellow(world)
    status = "RED" if red else "YELLOW" if yellow else "GREEN"
    reasons = red + yellow
    world.published_status = status
    for reason in reasons:
        world.readiness_reasons[reason] = world.readiness_reasons.get(reason, 0) + 1
    facts = world.facts
    details = {
        "config_loaded": facts.config_ok,
        "db_ok": facts.db_ok,
        "metrics_ok": facts.metrics_ok,
        "md_connected": facts.md_connected,
        "md_staleness_ok": facts.md_staleness_s <= 5,
        "watchdog_state": facts.exchange_watchdog,
        "recon_divergence_ok": facts.recon_ok,
        "pretrade_throttled": facts.pretrade_throttled,
        "risk_throttled": facts.risk_throttled,
        "router_ready": facts.router_ready,
        "state": world.control.mode,
    }
    return as_json(200, {"status": status, "reasons": reasons, "details": details})


def _red(world: World) -> list[str]:
    facts = world.facts
    named = (
        ("config_not_loaded", not facts.config_ok),
        ("db_unavailable", not facts.db_ok),
        ("metrics_unavailable", not facts.metrics_ok),
        ("md_disconnected", not facts.md_connected),
        ("md_staleness", facts.md_staleness_s > 5),
        ("recon_divergence", not facts.recon_ok),
        ("router_not_ready", not facts.router_ready),
        ("pretrade_throttled", facts.pretrade_throttled),
        ("risk_throttled", facts.risk_throttled),
        ("watchdog_down", facts.exchange_watchdog == "DOWN"),
    )
    return [reason for reason, bad in named if bad] + [f"missing_signal::{key}" for key in facts.missing_signals]


def _yellow(world: World) -> list[str]:
    named = (
        ("watchdog_degraded", world.facts.exchange_watchdog == "DEGRADED"),
        ("manual_hold", world.control.mode == "HOLD"),
    )
    return [reason for reason, there in named if there]


def status(asked: Asked) -> Reply:
    world, facts = asked.world, asked.world.facts
    last = world.toggles[-1]["status"] if world.toggles else None
    data: dict[str, object] = {
        "runtime_profile": world.profile,
        "is_live_profile": world.is_live,
        "health_ok": bool(_health(world)["ok"]),
        "readiness_ok": world.control.mode == "RUN",
        "market_data_ok": facts.md_connected if facts.watchdog else None,
        "live_trading_allowed": guard_state(world) == "enabled",
        "pnl_cap_hit": facts.daily_loss_breach,
        "live_approvals_enabled": _toggle_on(world),
        "live_approvals_last_status": last,
        "health_reason": None if facts.ok else "resume:not_ok",
        "readiness_reason": None,
        "live_trading_reason": guard_reason(world),
        **_promotion(world),
    }
    return as_json(200, data)


def _promotion(world: World) -> dict[str, object]:
    stages = ("paper_only", "testnet_sandbox", "live_dry_run", "live_canary", "live_full")
    stage = world.environ.get("PROMOTION_STAGE", stages[0])
    after = stages[stages.index(stage) + 1 :][:1] if stage in stages else ()
    return {"promotion_stage": stage, "promotion_reason": None, "promotion_allowed_next_stages": list(after)}


def guard_state(world: World) -> str:
    if not world.is_live:
        return "test_only"
    return "enabled" if world.flag("ALLOW_LIVE_TRADING") and _toggle_on(world) else "disabled"


def guard_reason(world: World) -> str | None:
    if not world.is_live:
        return "Runtime profile is not live (paper/testnet only)"
    if not world.flag("ALLOW_LIVE_TRADING"):
        return "ALLOW_LIVE_TRADING=false or unset"
    return None if _toggle_on(world) else "two-man approvals not granted"


def _toggle_on(world: World) -> bool:
    """The latest request by its change decides, whoever else approved something before (W18)."""
    if not world.toggles:
        return False
    latest = max(world.toggles, key=lambda one: str(one["updated_at"]))
    return latest["action"] == "enable_live" and latest["status"] == "approved"


def status_full(asked: Asked) -> Reply:
    """The one that is good for polling. Without any signal it calls itself ready (W9)."""
    world, control = asked.world, asked.world.control
    strict = world.flag("FF_PRETRADE_STRICT", "1" if not world.is_live else "0")
    shown = {"ff_pretrade_strict": strict, "ff_risk_limits": world.facts.risk_limits_enabled}
    data = {
        "router": {"mode": control.mode, "safe_mode": control.safe_mode, "profile": world.profile, **shown},
        "risk": _risk(world),
        "readiness": {"live_ready": True, "last_check_ts": None, "last_reason": None},
        "market_data": {"healthy": world.facts.md_staleness_s <= 5, "stale_symbols": []},
        "alerts": {"last_n": [_as_shown_in_status(one) for one in world.alerts[-10:]]},
        "config": _config(world, pretrade_strict=strict),
    }
    return as_json(200, data)


def _config(world: World, *, pretrade_strict: bool) -> dict[str, object]:
    control, safety = world.control, world.safety
    extra = {name: getattr(control, name) for name in SHOWN_OF_CONTROL}
    extra |= {"hold_active": safety.hold_active, "hold_reason": safety.hold_reason, "hold_source": safety.hold_source}
    extra["resume_requested"] = safety.resume_request is not None  # also one that was granted long ago
    router = {
        "mode": control.mode,
        "safe_mode": control.safe_mode,
        "safe_mode_global": world.flag("SAFE_MODE_GLOBAL"),
        "canary_mode": world.flag("CANARY_MODE"),
        "pretrade_strict": pretrade_strict,
        "risk_limits_enabled": world.facts.risk_limits_enabled,
        "last_change_ts": world.last_change_ts,
        "extra": extra,
    }
    return {
        "runtime": _profile(world),
        "router": router,
        "risk_limits": risk_limits(world),
        "strategies": {"items": []},
    }


SHOWN_OF_CONTROL = (
    "two_man_rule",
    "dry_run",
    "dry_run_mode",
    "order_notional_usdt",
    "max_slippage_bps",
    "min_spread_bps",
    "auto_loop",
)


def _profile(world: World) -> dict[str, object]:
    """Name and display name differ in a canary. `release` is no real runtime's: a test sees by it which one runs."""
    name, canary = world.profile, world.flag("CANARY_MODE")
    display = (world.environ.get("CANARY_PROFILE_NAME") or f"{name}-canary") if canary else name
    said: dict[str, object] = {
        "name": name,
        "display_name": display,
        "env": world.environ.get("MODE", world.category),
    }
    said |= {"is_live": world.is_live, "is_testnet": world.category == "testnet", "is_canary": canary}
    return said | {"created_at": None, "extra": {"release": world.environ.get("RUNTIME_RELEASE")}}


def _risk(world: World) -> dict[str, object]:
    cap = amount(world.environ.get("DAILY_LOSS_CAP_USDT"))
    nothing: dict[str, float] = {}
    return {
        "daily_loss_cap": cap,
        "daily_loss_pnl": 0.0,
        "daily_loss_remaining": cap,
        "notional_caps": nothing,
        "notional_used": nothing,
        "notional_remaining": nothing,
    }


def risk_limits(world: World) -> dict[str, object]:
    """Caps of strategies are not shown; what is not set stays unlimited."""
    venues, symbols = (world.environ.get(name, "") for name in ("RISK_CAP_VENUE", "RISK_CAP_SYMBOL"))
    return {
        "enabled": world.facts.risk_limits_enabled,
        "caps": {"venue": _caps(venues, ","), "symbol": _caps(symbols, ";")},
        "daily_loss": amount(world.environ.get("RISK_DAILY_LOSS")),
        "daily_loss_used": 12.5,
        "daily_cooloff_sec": 3600.0,
    }


def _caps(text: str, between: str) -> dict[str, float | None]:
    pairs = (entry.strip().rpartition(":") for entry in text.split(between) if ":" in entry)
    return {name: amount(value) for name, _, value in pairs}


def amount(text: str | None) -> float | None:
    return float(text) if text else None


def _as_shown_in_status(alert: dict[str, object]) -> dict[str, object]:
    """The same alert has other names there."""
    said = {"ts": alert["ts"], "level": str(alert["severity"]).upper(), "source": alert["source"]}
    return said | {"message": alert["message"], "code": alert["event_type"], "details": alert["context"]}


def overview(asked: Asked) -> Reply:
    """Looks like a question and acts: holds over a human's hold, drops requests, and resumes by itself (W7)."""
    world = asked.world
    if world.flag("AUTO_HOLD_ON_SLO", "true") and world.facts.slo_breach:
        if world.slo_safe_mode_before is None:
            world.slo_safe_mode_before = world.control.safe_mode
        world.slo_healthy = 0
        world.hold(f"SLO_CRITICAL::{world.facts.slo_breach}", "slo_monitor")
    elif world.slo_safe_mode_before is not None:
        world.slo_healthy += 1
        if world.slo_healthy >= 2:
            before, world.slo_safe_mode_before = world.slo_safe_mode_before, None
            world.run()
            world.control.safe_mode = before
            world.safety.hold_active, world.safety.hold_reason, world.safety.hold_source = False, None, None
    overall = "HOLD" if world.safety.hold_active else "OK"
    return as_json(200, {"overall": overall, "scores": {}, "components": [], "slo": {}, "safety": safety(world)})


def safety(world: World) -> dict[str, object]:
    said = {name: value for name, value in vars(world.safety).items() if name != "resume_request"}
    return said | ({"resume_request": world.safety.resume_request} if world.safety.resume_request else {})


def state(asked: Asked) -> Reply:
    world = asked.world
    data = {"mode": world.control.mode, "safe_mode": world.control.safe_mode, "control": vars(world.control)}
    return as_json(200, {**data, "safety": safety(world), "events": world.events[-20:], "incidents": []})


def live_guard(asked: Asked) -> Reply:
    world = asked.world
    names = ("LIVE_TRADING_ALLOWED_VENUES", "LIVE_TRADING_ALLOWED_STRATEGIES")
    venues, strategies = ([word for word in world.environ.get(name, "").split(",") if word] for name in names)
    data: dict[str, object] = {"runtime_profile": world.profile, "state": guard_state(world)}
    data["reason"] = guard_reason(world)
    data |= {"allow_live_trading": guard_state(world) == "enabled", "allowed_venues": venues}
    data |= {"allowed_strategies": strategies, **_promotion(world), "approvals_enabled": _toggle_on(world)}
    return as_json(200, data)


def live_promotion(asked: Asked) -> Reply:
    return as_json(200, {"runtime_profile": asked.world.profile, **_promotion(asked.world)})


def live_approvals(asked: Asked) -> Reply:
    return as_json(200, asked.world.toggles)


def badges(asked: Asked) -> Reply:
    asked.login()
    world = asked.world
    auto = "ON" if world.control.mode == "RUN" and not world.control.safe_mode else "OFF"
    watchdog = "AUTO_HOLD" if world.facts.watchdog_auto_hold else world.facts.exchange_watchdog
    daily = "BREACH" if world.facts.daily_loss_breach else "OK"
    risk = "ON" if world.facts.risk_limits_enabled else "OFF"
    data = {"auto_trade": auto, "risk_checks": risk, "daily_loss": daily, "watchdog": watchdog}
    return as_json(200, data | {"partial_hedges": "OK"})


def audit_log(asked: Asked) -> Reply:
    asked.login()
    return as_json(200, {"events": asked.world.audit, "count": len(asked.world.audit)})


def positions(asked: Asked) -> Reply:
    asked.login()
    return as_json(200, {"positions": []})


def secrets_status(asked: Asked) -> Reply:
    asked.operator()
    operators = [{"name": one.name, "role": one.role} for one in asked.world.tokens.values()]
    return as_json(200, {"rotation_needed": {}, "operators": operators})


def events(asked: Asked) -> Reply:
    order = asked.query.get("order", "desc")
    rows = asked.world.events if order == "asc" else asked.world.events[::-1]
    start, limit = int(asked.query.get("offset") or 0), int(asked.query.get("limit") or 100)
    if not 1 <= limit <= 1000:
        raise Refusal(422, [{"type": "less_than_equal", "loc": ["query", "limit"]}])
    after = min(start + limit, len(rows))
    page = {"total": len(rows), "offset": start, "limit": limit, "order": order}
    page |= {"next_offset": after, "has_more": after < len(rows)}
    return as_json(200, {"items": rows[start:after], **page})


def alerts(asked: Asked) -> Reply:
    """A list and nothing around it, the newest first."""
    return as_json(200, asked.world.alerts[::-1])


def config_validate(asked: Asked) -> Reply:
    return as_json(200, {"ok": asked.world.facts.config_ok, "errors": []})


def config(asked: Asked) -> Reply:
    return as_json(200, {"config": _config(asked.world, pretrade_strict=True)})


def kill_flag(world: World) -> bool:
    """The router's reading of SAFE_MODE: `on` is not among its words, nor is anything with a blank (W4)."""
    return world.environ.get("SAFE_MODE", "0").lower() in KILL_WORDS
