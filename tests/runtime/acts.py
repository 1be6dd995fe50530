"""What changes the runtime: holds, resumes, control, kills and the two-man toggle, with their recorded holes."""

import hmac

from tests.runtime.asked import Asked, Refusal, Reply, as_json
from tests.runtime.views import safety
from tests.runtime.world import Login, World

CONTROL_KEYS = {
    "safe_mode": bool,
    "two_man_rule": bool,
    "dry_run_only": bool,
    "order_notional_usdt": (int, float),
    "max_slippage_bps": int,
    "min_spread_bps": (int, float),
    "auto_loop": bool,
    "loop_pair": str,
    "loop_venues": list,
}


def _audit(world: World, login: Login, actor: str, action: str) -> None:
    """Whoever calls may write any name beside their own (W26)."""
    world.audit.append({"ts": world.now(), "operator": login.name, "actor": actor or login.name, "action": action})


def hold(asked: Asked) -> Reply:
    login, world = asked.operator(), asked.world
    world.hold(asked.text("reason") or "manual_hold", "ui")
    _audit(world, login, asked.text("requested_by"), "HOLD")
    return as_json(200, {"mode": "HOLD", "hold_active": True, "safety": safety(world), "ts": world.now()})


def resume_request(asked: Asked) -> Reply:
    """A second request gets the first one back, unchanged."""
    login, world = asked.operator(), asked.world
    if not asked.text("reason"):
        raise Refusal(400, "reason_required")
    if not world.safety.hold_active:
        raise Refusal(409, "hold_not_active")
    if world.safety.resume_request is None:
        asked_by = asked.text("requested_by") or login.name
        request: dict[str, object] = {"id": f"r-{next(world.ids)}", "reason": asked.text("reason")}
        request |= {"requested_at": world.now(), "requested_by": asked_by, "approved_at": None}
        world.safety.resume_request = request | {"approved_by": None, "pending": True}
        world.note("resume_requested", "resume requested")
    _audit(world, login, asked.text("requested_by"), "RESUME_REQUEST")
    answer = {"resume_request": world.safety.resume_request, "hold_active": True, "ts": world.now()}
    return as_json(200, answer)


def resume_confirm(asked: Asked) -> Reply:
    """Clears the hold; nobody looks whether it is the one who asked (W24).

    Mode and safe mode stay, and so does the reason of a hold that is over, and the request, which pends no more.
    """
    login, world = asked.operator(), asked.world
    _approved(asked)
    if not world.safety.hold_active:
        raise Refusal(409, "hold_not_active")
    request = world.safety.resume_request
    if request is None or not request["pending"]:
        raise Refusal(409, "resume_request_missing")
    world.safety.hold_active = False
    request |= {"pending": False, "approved_at": world.now(), "approved_by": asked.text("actor") or login.name}
    world.note("resume_confirmed", "hold cleared")
    _audit(world, login, asked.text("actor"), "RESUME_CONFIRM")
    return as_json(200, {"hold_cleared": True, "hold_active": False, "safety": safety(world), "ts": world.now()})


def _approved(asked: Asked) -> None:
    given = asked.text("token")
    if not given:
        raise Refusal(401, "approve_token_missing")
    if not hmac.compare_digest(given, asked.world.approve_token):
        raise Refusal(401, "invalid_token")


def resume(asked: Asked) -> Reply:
    asked.operator()
    world = asked.world
    if world.safety.hold_active:
        raise Refusal(423, "hold_active")
    if world.control.safe_mode:
        raise Refusal(403, "SAFE_MODE enabled; disable before resume")
    world.run()
    return as_json(200, {"mode": "RUN", "hold_active": False, "ts": world.now()})


def patch_control(asked: Asked) -> Reply:
    """Any token will do, a viewer's too (W8); safe mode can be switched off here and never on (W14)."""
    login, world = asked.login(), asked.world
    if world.is_live:
        raise Refusal(403, "control changes are allowed in paper/testnet only")
    if not world.control.safe_mode:
        raise Refusal(403, "SAFE_MODE must be enabled to modify control")
    changes = {name: value for name, value in asked.fields().items() if name in CONTROL_KEYS}
    for name, value in changes.items():
        if not isinstance(value, CONTROL_KEYS[name]):  # type: ignore[arg-type]
            raise Refusal(422, f"{name} is invalid")
        setattr(world.control, {"dry_run_only": "dry_run"}.get(name, name), value)
    if changes:
        world.note("control_patch", "control changed", payload=changes)
        _audit(world, login, "", "CONTROL_PATCH")
    return as_json(200, {"changes": changes, "control": vars(world.control)})


def kill_request(asked: Asked) -> Reply:
    login, world = asked.operator(), asked.world
    number = f"k-{next(world.ids)}"
    world.kills[number] = {"status": "pending", "reason": asked.text("reason"), "by": login.name}
    return as_json(202, {"status": "pending", "request_id": number})


def kill_confirm(asked: Asked) -> Reply:
    """Confirms whatever is pending, whoever asked for whatever (W24)."""
    asked.operator()
    world = asked.world
    _approved(asked)
    request = world.kills.get(asked.text("request_id"))
    if request is None:
        raise Refusal(404, "request_not_found")
    if request["status"] != "pending":
        raise Refusal(409, "request_not_pending")
    request["status"] = "approved"
    world.hold("kill_switch", "kill")
    world.note("kill_switch", "orders cancelled", "WARNING")
    return as_json(200, {"status": "approved", "safety": safety(world), "ts": world.now()})


def cancel_all(asked: Asked) -> Reply:
    asked.operator()
    if asked.world.is_live:
        raise Refusal(403, "cancel-all is allowed in paper/testnet only")
    asked.world.note("cancel_all", "orders cancelled")
    return as_json(200, {"result": "ok", "cancelled": 0})


def toggle_request(asked: Asked) -> Reply:
    login, world = asked.operator(), asked.world
    fields = asked.fields()
    if set(fields) - {"action", "reason"} or fields.get("action") not in ("enable_live", "disable_live"):
        raise Refusal(422, "invalid request")
    now = world.now()
    request = {"id": f"t-{next(world.ids)}", "created_at": now, "updated_at": now, "action": fields["action"]}
    request |= {"requestor_id": login.name, "approver_id": None, "status": "pending"}
    request |= {"reason": asked.text("reason") or None, "resolution_reason": None}
    world.toggles.append(request)
    return as_json(200, request)


def toggle_requests(asked: Asked) -> Reply:
    return as_json(200, asked.world.toggles)


def toggle_decide(asked: Asked) -> Reply:
    login, world = asked.operator(), asked.world
    number, verb = asked.parts
    request = next((one for one in world.toggles if one["id"] == number), None)
    if request is None:
        raise Refusal(404, "request not found")
    if request["status"] != "pending":
        raise Refusal(409, "request is not pending")
    if request["requestor_id"] == login.name:
        raise Refusal(403, "two-man rule violated: approver matches requestor")
    request["status"] = {"approve": "approved", "reject": "rejected"}[verb]
    request["approver_id"], request["updated_at"] = login.name, world.now()
    request["resolution_reason"] = asked.text("resolution_reason") or None
    return as_json(200, request)
