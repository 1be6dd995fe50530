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
    ok = facts.ok and all(parts.values()) and not world.stopping
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
    data |= {"journal_ok": facts.journal_ok, "config_ok": facts.config_ok, "fencing_id": 1, "hb_age_sec": 0.2}
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
        ("manual_hold", world.safety.hold_active),
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
    world, control, safety = asked.world, asked.world.control, asked.world.safety
    strict = world.flag("FF_PRETRADE_STRICT", "1" if not world.is_live else "0")
    extra = {
        "two_man_rule": control.two_man_rule,
        "dry_run": control.dry_run,
        "hold_active": safety.hold_active,
        "hold_reason": safety.hold_reason,
        "hold_source": safety.hold_source,
        "resume_requested": safety.resume_request is not None,
        "order_notional_usdt": control.order_notional_usdt,
    }
    router = {
        "mode": control.mode,
        "safe_mode": control.safe_mode,
        "profile": world.profile,
        "ff_pretrade_strict": strict,
        "ff_risk_limits": world.facts.risk_limits_enabled,
    }
    switches = {
        "safe_mode_global": world.flag("SAFE_MODE_GLOBAL"),
        "canary_mode": world.flag("CANARY_MODE"),
        "last_change_ts": world.last_change_ts,
        "extra": extra,
    }
    limits = {"enabled": world.facts.risk_limits_enabled, "caps": caps(world)}
    data = {
        "router": router,
        "risk": {"daily_loss_usd": 0.0, "daily_loss_cap_usd": 250.0, "notional_usd": 0.0, "notional_cap_usd": 8000.0},
        "readiness": {"live_ready": True, "last_check_ts": None, "last_reason": None},
        "market_data": {"healthy": world.facts.md_staleness_s <= 5, "stale_symbols": []},
        "alerts": {"last_n": world.alerts[-20:]},
        "config": {
            "runtime": {"profile": world.profile, "release": world.environ.get("RUNTIME_RELEASE")},
            "router": {**router, **switches},
            "risk_limits": limits,
            "strategies": [],
        },
    }
    return as_json(200, data)


def caps(world: World) -> dict[str, str]:
    names = ("RISK_CAP_VENUE", "RISK_CAP_SYMBOL", "RISK_CAP_STRATEGY", "RISK_DAILY_LOSS")
    return {name.lower(): world.environ[name] for name in names if world.environ.get(name)}


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
    return dict(vars(world.safety))


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
    data |= {"allow_live_trading": world.flag("ALLOW_LIVE_TRADING"), "allowed_venues": venues}
    data |= {"allowed_strategies": strategies, **_promotion(world), "approvals_enabled": _toggle_on(world)}
    return as_json(200, data)


def live_promotion(asked: Asked) -> Reply:
    return as_json(200, {"runtime_profile": asked.world.profile, **_promotion(asked.world)})


def live_approvals(asked: Asked) -> Reply:
    return as_json(200, {"requests": asked.world.toggles})


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
    return as_json(200, {"entries": asked.world.audit})


def positions(asked: Asked) -> Reply:
    asked.login()
    return as_json(200, {"positions": []})


def secrets_status(asked: Asked) -> Reply:
    asked.operator()
    operators = [{"name": one.name, "role": one.role} for one in asked.world.tokens.values()]
    return as_json(200, {"rotation_needed": {}, "operators": operators})


def events(asked: Asked) -> Reply:
    rows = asked.world.events if asked.query.get("order") == "asc" else asked.world.events[::-1]
    start, limit = int(asked.query.get("offset") or 0), int(asked.query.get("limit") or 100)
    return as_json(200, {"items": rows[start : start + limit], "total": len(rows)})


def alerts(asked: Asked) -> Reply:
    return as_json(200, {"items": asked.world.alerts})


def config_validate(asked: Asked) -> Reply:
    return as_json(200, {"ok": asked.world.facts.config_ok, "errors": []})


def config(asked: Asked) -> Reply:
    return as_json(200, {"profile": asked.world.profile, "risk_limits": caps(asked.world)})


def kill_flag(world: World) -> bool:
    """The router's reading of SAFE_MODE: `on` is not among its words, nor is anything with a blank (W4)."""
    return world.environ.get("SAFE_MODE", "0").lower() in KILL_WORDS
