"""Every variable the runtime needs, in the order of the sample, with what it holds and how each profile starts.

Runbook 002, "ENV & Flags". The values are those of a safe start: SAFE_MODE and DRY_RUN_MODE on everywhere, guards on,
nothing that lets an order out. A secret has no value here and never will.
"""

import re
from collections.abc import Iterator

from tasks.rules.guard.variable import ALL, LIVE, NOBODY, TESTNET, Holds, Section, Variable, of, secrets

SECTIONS: tuple[Section, ...] = (
    Section(
        "Profile: all of them say the same, or the runtime believes several things at once",
        (
            *of(
                Holds.PROFILE,
                EXEC_PROFILE=("paper", "testnet", "live"),
                PROFILE=("paper", "testnet", "live"),
                TRADING_PROFILE=("paper", "testnet", "live"),
                DEFAULT_PROFILE=("paper", "testnet", "live"),
            ),
            *of(
                Holds.WORD,
                MODE=("paper", "testnet", "live"),
                PROMOTION_STAGE=("paper_only", "testnet_sandbox", "live_dry_run"),
            ),
            *of(Holds.LIST, PROMOTION_ALLOWED_NEXT=("testnet_sandbox", "live_dry_run", "live_canary")),
        ),
    ),
    Section(
        "Safety: a start is safe until somebody with a reason says otherwise",
        (
            *of(
                Holds.FLAG,
                SAFE_MODE="1",
                SAFE_MODE_GLOBAL=("0", "0", "1"),
                DRY_RUN_MODE="1",
                DRY_RUN_ONLY=("1", "0", "0"),
                ALLOW_LIVE_TRADING="0",
                READINESS_OK="0",
                ENABLE_PLACE_TEST_ORDERS=("0", "1", "0"),
                WAIT_FOR_LIVE_READINESS_ON_START=("0", "1", "1"),
                INCIDENT_MODE_ENABLED="0",
            ),
            *of(Holds.NUMBER, SAFE_MODE_SCALE_NOTIONAL="0.1", SAFE_MODE_SCALE_DAILY_LOSS="0.25"),
            *of(
                Holds.LIST,
                NOBODY,
                LIVE_TRADING_ALLOWED_VENUES="",
                LIVE_TRADING_ALLOWED_STRATEGIES="",
            ),
        ),
    ),
    Section(
        "Guards: off unless they are set, in live above all",
        of(
            Holds.FLAG,
            FF_PRETRADE_STRICT="1",
            FF_RISK_LIMITS="1",
            FF_IDEMPOTENCY_OUTBOX="1",
            FF_ROUTER_COOLDOWN="1",
            FF_ORDER_TIMEOUTS="1",
            FF_READINESS_AGG_GUARD="1",
            FF_MD_WATCHDOG="1",
            FF_DAILY_LOSS_CAP="1",
            FEATURE_SLO=("0", "1", "1"),
            HEALTH_GUARD_ENABLED=("0", "1", "1"),
            RECON_ENABLED=("0", "1", "1"),
            WATCHDOG_ENABLED=("0", "0", "1"),
            AUTO_HOLD_ON_SLO="1",
            HEALTH_FAIL_ON_WARN=("0", "0", "1"),
            FEATURE_LEADER_LOCK="0",
        ),
    ),
    Section(
        "Hedging and the canary",
        (
            *of(
                Holds.FLAG,
                HEDGE_ENABLED=("0", "1", "1"),
                HEDGE_DRY_RUN="1",
                AUTO_HEDGE_ENABLED="0",
                CANARY_MODE=("0", "0", "1"),
            ),
            *of(Holds.WORD, NOBODY, CANARY_PROFILE_NAME=""),
            *of(Holds.POSITIVE, CANARY_MAX_ORDER_NOTIONAL_USD="200", CANARY_MAX_DAILY_ORDERS="200"),
        ),
    ),
    Section(
        "Limits: above none of the profile's own",
        (
            *of(
                Holds.POSITIVE,
                MAX_TOTAL_NOTIONAL_USDT=("8000", "20000", "5000"),
                MAX_NOTIONAL_PER_POSITION_USDT=("2000", "5000", "1500"),
                DAILY_LOSS_CAP_USDT=("250", "750", "500"),
                MAX_OPEN_POSITIONS=("10", "10", "3"),
                MAX_LEVERAGE=("3", "3", "1"),
                RISK_DAILY_LOSS=("250", "750", "500"),
                DAILY_LOSS_CAP_USD_GLOBAL=("250", "750", "500"),
                INTRADAY_DRAWDOWN_CAP_USD_GLOBAL=("250", "750", "500"),
                RISK_MAX_CONSEC_REJECTS="3",
            ),
            *of(
                Holds.NUMBER, RISK_DAILY_COOLOFF_SEC="3600", RISK_REJECTS_COOLOFF_SEC="300", PNL_CAPS_COOLOFF_MIN="30"
            ),
            *of(
                Holds.CAPS,
                RISK_CAP_VENUE=(
                    "binance:4000,okx:4000",
                    "binance:10000,okx:10000",
                    "binance:2500,okx:2500",
                ),
            ),
            *of(Holds.CAPS, NOBODY, RISK_CAP_SYMBOL="", RISK_CAP_STRATEGY=""),
        ),
    ),
    Section(
        "Windows: idempotency, cooldown, timeouts, readiness, market data, service levels",
        (
            *of(
                Holds.POSITIVE,
                IDEMPOTENCY_WINDOW_SEC="3",
                IDEMPOTENCY_MAX_KEYS="100000",
                IDEM_TTL_SEC="600",
                ORDER_TRACKER_TTL="3600",
                ORDER_TRACKER_MAX="20000",
                ROUTER_COOLDOWN_SEC_DEFAULT="5",
            ),
            *of(Holds.SECONDS_BY_REASON, ROUTER_COOLDOWN_REASON_MAP="{}"),
            *of(Holds.POSITIVE, SUBMIT_ACK_TIMEOUT_SEC="3", FILL_TIMEOUT_SEC="30", READINESS_TTL_SEC="30"),
            *of(Holds.LIST, READINESS_REQUIRED="market,recon,adapters"),
            *of(
                Holds.POSITIVE,
                MD_TTL_SEC="5",
                STALE_P95_LIMIT_MS="1500",
                STALE_P95_WINDOW="200",
                STALE_GATE_COOLDOWN_S="10",
                SLO_LATENCY_P95_CRITICAL_MS="1000",
                SLO_MD_STALENESS_CRITICAL_S="5",
                SLO_ORDER_ERROR_RATE_CRITICAL="0.05",
                HEALTH_MAX_ROUTER_IDLE_SEC="5",
                HEALTH_MAX_RECON_IDLE_SEC="60",
                HEALTH_MAX_LEDGER_LAG_SEC="30",
                HEALTH_MAX_MARKETDATA_STALE_SEC="3",
            ),
            *of(Holds.WORD, HEALTH_PROFILE_STRICT="live"),
            *of(
                Holds.POSITIVE,
                LEADER_LOCK_TTL_SEC="30",
                LEADER_LOCK_STALE_SEC="60",
                API_RATE_PER_MIN="30",
                API_BURST="10",
            ),
        ),
    ),
    Section(
        "Metrics and files: each of them must be writable, or the runtime does not start",
        (
            *of(Holds.PATH, METRICS_PATH="data/metrics/metrics.prom"),
            *of(Holds.MILLISECONDS, METRICS_BUCKETS_MS="5,10,20,50,100,200,500,1000,2000"),
            *of(
                Holds.PATH,
                RUNTIME_STATE_PATH="data/runtime_state.json",
                POSITIONS_STORE_PATH="data/positions.json",
                PNL_HISTORY_PATH="data/pnl_history.json",
                HEDGE_LOG_PATH="data/hedge_log.json",
                OPS_ALERTS_FILE="data/ops_alerts.json",
                OPS_APPROVALS_FILE="data/ops_approvals.json",
            ),
            Variable("SECRETS_STORE_PATH", Holds.READ_PATH, ("", "", "data/secrets_store.json"), LIVE, LIVE),
        ),
    ),
    Section(
        "Who may call",
        (
            *of(Holds.FLAG, AUTH_ENABLED="1", TELEGRAM_ENABLE="0"),
            *secrets(ALL, "API_TOKEN", "APPROVE_TOKEN"),
            *secrets(ALL, "TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID", needed=False),
        ),
    ),
    Section(
        "Keys of the exchanges: those of testnet and those of live are never the same",
        (
            *secrets(
                TESTNET,
                "BINANCE_UM_API_KEY_TESTNET",
                "BINANCE_UM_API_SECRET_TESTNET",
                "OKX_API_KEY_TESTNET",
                "OKX_API_SECRET_TESTNET",
                "OKX_API_PASSPHRASE_TESTNET",
            ),
            *secrets(
                LIVE,
                "BINANCE_LV_API_KEY",
                "BINANCE_LV_API_SECRET",
                "OKX_API_KEY",
                "OKX_API_SECRET",
                "OKX_API_PASSPHRASE",
            ),
        ),
    ),
)

# Names that templates use for the same keys; known, and compared like the others.
TEMPLATE_KEYS = tuple(
    f"{side}_{key}"
    for side in ("TESTNET", "LIVE")
    for key in (
        "BINANCE_API_KEY",
        "BINANCE_API_SECRET",
        "OKX_API_KEY",
        "OKX_API_SECRET",
        "OKX_API_PASSPHRASE",
    )
)
CONFIRM = "LIVE_CONFIRM"
"""Typed by a person, for one start; in a file it confirms whatever comes."""


def variables() -> Iterator[Variable]:
    for section in SECTIONS:
        yield from section.variables


KNOWN: dict[str, Variable] = {variable.name: variable for variable in variables()} | {
    name: Variable(name, Holds.SECRET, ("",), NOBODY, NOBODY) for name in (*TEMPLATE_KEYS, CONFIRM)
}

GUARDS = (
    "FF_PRETRADE_STRICT",
    "FF_RISK_LIMITS",
    "FF_IDEMPOTENCY_OUTBOX",
    "FF_ROUTER_COOLDOWN",
    "FF_ORDER_TIMEOUTS",
    "FF_READINESS_AGG_GUARD",
    "FF_MD_WATCHDOG",
    "FF_DAILY_LOSS_CAP",
    "FEATURE_SLO",
    "HEALTH_GUARD_ENABLED",
    "RECON_ENABLED",
    "WATCHDOG_ENABLED",
    "AUTO_HOLD_ON_SLO",
    "AUTH_ENABLED",
)
"""What must be on in live; most of them are off there when nothing is said."""


_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,62}")


def is_name(text: str) -> bool:
    """Whether a word may be shown as the name of a variable: the half of a torn secret may not."""
    return bool(_NAME.fullmatch(text)) and (text in KNOWN or len(text) <= 40)


def is_test_key(name: str) -> bool:
    return (
        name in KNOWN
        and KNOWN[name].holds is Holds.SECRET
        and (name.startswith("TESTNET_") or name.endswith("_TESTNET"))
    )


def is_live_key(name: str) -> bool:
    """Every key of an exchange that is not for the testnet."""
    key = any(venue in name for venue in ("BINANCE", "OKX"))
    return key and name in KNOWN and KNOWN[name].holds is Holds.SECRET and not is_test_key(name)
