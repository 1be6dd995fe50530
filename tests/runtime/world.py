"""What the stand-in knows: profile, control, holds, the facts behind readiness, and who may do what.

It boots into HOLD and safe mode whatever its environment says, as the recorded runtime does (spec 002, 1).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

API_TOKEN, APPROVE_TOKEN, VIEWER_TOKEN, OPERATOR_B_TOKEN = (
    "api-t0ken",
    "approve-t0ken",
    "viewer-t0ken",
    "oper-b-t0ken",
)
KILL_WORDS = ("1", "true", "yes")  # the router's: any case, not trimmed, and `on` is none of them
CONTROL_WORDS = (*KILL_WORDS, "on")
STRICT_TESTNETS = ("testnet", "testnet.binance", "testnet.okx", "testnet.bybit")


@dataclass
class Control:
    mode: str = "HOLD"
    safe_mode: bool = True
    dry_run: bool = True
    dry_run_mode: bool = True
    two_man_rule: bool = True
    auto_loop: bool = False
    order_notional_usdt: float = 100.0
    max_slippage_bps: int = 5
    min_spread_bps: float = 2.0
    loop_pair: str | None = None
    loop_venues: list[str] = field(default_factory=list)


@dataclass
class Safety:
    hold_active: bool = True
    hold_reason: str | None = "restart_safe_mode"
    hold_source: str | None = "bootstrap"
    hold_since: str | None = None
    resume_request: dict[str, object] | None = None


@dataclass
class Facts:
    """What the two readiness endpoints look at; each of them looks at other facts."""

    ok: bool = True
    journal_ok: bool = True
    resume_ok: bool = True
    leader: bool = True
    config_ok: bool = True
    daily_loss_breach: bool = False
    watchdog: str | None = None  # ok, warn, fail; None before the first order
    watchdog_auto_hold: bool = False
    exchange_watchdog: str = "OK"  # OK, DEGRADED, DOWN
    md_connected: bool = False
    md_staleness_s: float = 999.0
    db_ok: bool = True
    metrics_ok: bool = True
    recon_ok: bool = True
    router_ready: bool = True
    pretrade_throttled: bool = False
    risk_throttled: bool = False
    risk_limits_enabled: bool = True
    missing_signals: list[str] = field(default_factory=list)
    slo_breach: str | None = None  # LATENCY_P95_MS, MD_STALENESS_S, ORDER_ERROR_RATE
    auth_errors: dict[str, int] = field(default_factory=dict)  # order_errors_total by venue, reason auth


GOOD = Facts(watchdog="ok", md_connected=True, md_staleness_s=0.3)


@dataclass(frozen=True)
class Login:
    name: str
    role: str


class World:
    """The whole state of one runtime. `skew_s` is how far its clock is ahead of ours."""

    def __init__(self, environ: Mapping[str, str] | None = None, clock=time.time) -> None:
        self.environ = {"EXEC_PROFILE": "paper", "SAFE_MODE": "1", "API_RATE_PER_MIN": "30", "API_BURST": "10"}
        self.environ |= dict(environ or {})
        self.clock, self.skew_s, self.lag_s = clock, 0.0, 0.0
        self.began = clock()
        self.control, self.safety, self.facts = Control(), Safety(hold_since=""), Facts()
        self.tokens = {API_TOKEN: Login("api", "operator")}
        self.tokens |= {VIEWER_TOKEN: Login("vera", "viewer"), OPERATOR_B_TOKEN: Login("bruno", "operator")}
        self.tokens |= {self.environ["API_TOKEN"]: Login("api", "operator")} if "API_TOKEN" in self.environ else {}
        self.approve_token = self.environ.get("APPROVE_TOKEN", APPROVE_TOKEN)
        self.stopping = False
        self.ids = count(1)
        self.toggles: list[dict[str, object]] = []
        self.kills: dict[str, dict[str, object]] = {}
        self.events: list[dict[str, object]] = []
        self.alerts: list[dict[str, object]] = []
        self.audit: list[dict[str, object]] = []
        self.orders: list[dict[str, object]] = []
        self.blocked_by: str | None = None  # every order meets this code, whatever the rest says
        self.slo_safe_mode_before: bool | None = None
        self.slo_healthy = 0
        self.published_status: str | None = None  # what /metrics says of readiness: set when somebody reads it
        self.readiness_reasons: dict[str, int] = {}
        self.last_change_ts = self.now()
        self.safety.hold_since = self.now()

    def now(self) -> str:
        return datetime.fromtimestamp(self.clock() + self.skew_s, UTC).isoformat()

    @property
    def profile(self) -> str:
        """An unknown word is paper, silently."""
        word = self.environ.get("EXEC_PROFILE", "").strip().lower()
        if word == "live" or word in STRICT_TESTNETS:
            return word
        return "testnet" if word.startswith("testnet") else "paper"

    @property
    def category(self) -> str:
        return self.profile.partition(".")[0]

    @property
    def is_live(self) -> bool:
        return self.category == "live"

    def flag(self, name: str, default: str = "0") -> bool:
        return self.environ.get(name, default).strip().lower() in CONTROL_WORDS

    def warm_up(self) -> "World":
        """Everything good: connected, fresh, a watchdog that is ok. HOLD and safe mode stay."""
        self.facts = replace(GOOD)
        return self

    def hold(self, reason: str, source: str) -> None:
        """What every hold does: HOLD, safe mode, and a pending resume request is gone."""
        self.control.mode, self.control.safe_mode = "HOLD", True
        self.safety = Safety(True, reason, source, self.now(), None)
        self.note("mode_change", f"HOLD {reason}")

    def run(self) -> None:
        self.control.mode = "RUN"
        self.note("mode_change", "RUN")

    def note(self, code: str, message: str, level: str = "INFO", payload: object = None) -> None:
        self.last_change_ts = self.now()
        event = {"id": next(self.ids), "ts": self.now(), "level": level, "code": code, "type": "ops"}
        self.events.append(event | {"venue": None, "symbol": None, "message": message, "payload": payload})

    def alert(self, event_type: str, message: str, severity: str = "warning") -> None:
        said = {"ts": self.now(), "event_type": event_type, "message": message, "severity": severity}
        self.alerts.append(said | {"source": "router", "profile": self.profile, "context": {}})

    def shut_down(self) -> None:
        """What SIGTERM comes to: /healthz is bad for ever, and the process stays (W6)."""
        self.stopping = True
        self.hold("shutdown", "shutdown")
