"""A next step for each reason of the procedures that look at the trading runtime and hold it (runbook 002)."""

from tasks.rules.playbooks.playbook import AGAIN, Playbook

_CONFIRM = "002 Live Guard & Confirm"
_MODES = "002 Profiles & Modes"

NOT_READY = Playbook(
    "The runtime is not ready",
    _CONFIRM,
    (
        "Read the readiness_blocker lines above: each names what blocks, where it was seen, its value and its limit.",
        "readiness-missing: compare READINESS_REQUIRED with the signals that are there; a signal older than "
        "READINESS_TTL_SEC counts as missing.",
        "disagreement: the runtime contradicts itself. Believe neither side; leave it in HOLD until both agree.",
        "clock_skew: compare the clocks of this machine and of the runtime's; ages mean nothing until they agree.",
        "Never ask the overview of the runtime meanwhile: it holds and resumes by itself.",
    ),
)
SIGNALS = Playbook(
    "The file of signals cannot be used",
    _CONFIRM,
    ('It is JSON: {"signals": [{"name": ..., "ok": true, "reason": "", "ts": "2026-11-21T03:00:00Z"}]}.', AGAIN),
)
SILENT = Playbook(
    "The runtime does not answer",
    _MODES,
    (
        "See whether its process is there and its port is open; read its own log.",
        "It was told to stop before? It swallows SIGTERM: /healthz is 503 for ever and the port stays taken.",
        "runtime_busy: it takes 30 writes a minute and 10 at once. Nothing is lost; start again.",
        "Silent in the middle of a change: start the same procedure again, it goes on where the journal ends.",
    ),
)
TOKENS = Playbook(
    "The runtime does not take our tokens",
    _CONFIRM,
    (
        "RUNTIME_API_TOKEN is the token of an operator there, RUNTIME_APPROVE_TOKEN the second one; both by "
        "environment only.",
        "runtime_not_ours: a token is sent to the runtime that RUNTIME_URL names and nowhere else.",
        "runtime_forbidden: a viewer's token may not act, and some calls are refused outside paper and testnet.",
    ),
)
REFUSED = Playbook(
    "The runtime refused",
    _MODES,
    (
        "Look at its state: watchkeeper readiness. Somebody or something else changed it meanwhile.",
        "A hold that came between takes the resume request away: find out why it came before anything is resumed.",
        AGAIN,
    ),
)
OTHER = Playbook(
    "That is not the trading runtime",
    _MODES,
    ("Correct RUNTIME_URL or --base-url: http(s)://host:port without a path, a user or a password.", AGAIN),
)

OFF = Playbook(
    "Safe mode is not switched off",
    _MODES,
    (
        "It takes --reason, an --incident whose note is open (watchkeeper incident-note) and two operators.",
        "live_needs_restart: in live no call clears safe mode. Restart it with SAFE_MODE=0; it begins in HOLD.",
        "held_meanwhile: somebody held it after you asked. Find out why, then ask anew.",
        "foreign_resume_request: somebody else's request is pending there. safe-mode --set on drops it.",
        "Whatever failed on the way, the runtime was held again; watchkeeper readiness shows its mode.",
    ),
)
HOLD_DOUBTFUL = Playbook(
    "Safe mode is on, and something is wrong all the same",
    _MODES,
    (
        "orders_after_hold: orders are still submitted. Stop the runtime by its process, now.",
        "orders_not_watched: it is held, and its /metrics cannot be read. Look at the venue's own list of orders.",
        "SAFE_MODE=on protects nothing, 1 does; the other order API accepts orders in safe mode as well.",
        "journal_not_written: it is held, and the journal has no row. Set WATCHKEEPER_DSN right and run it again.",
    ),
)

START = Playbook(
    "The runtime may not start in this profile",
    "002 Quick Start",
    (
        "Read the start_check_item lines: each says in one word what was found. Only OK may start.",
        "environment, keys, endpoints, safe_mode_at_start: watchkeeper env-check names each variable with a hint.",
        "full-validate, smoke-acceptance, smoke-guard: run them; green counts for a day.",
        "profile: it runs another one than was asked for; a misspelt EXEC_PROFILE is paper without a word.",
        "readiness: watchkeeper readiness --before-canary names what blocks, with value and limit.",
        "authorisation: an adapter was turned away. Correct the keys of this profile before anything else.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    "not_ready": NOT_READY,
    **dict.fromkeys(("check_failed", "check_warned"), START),
    "signals_unreadable": SIGNALS,
    **dict.fromkeys(("runtime_unreachable", "runtime_error", "runtime_busy"), SILENT),
    **dict.fromkeys(
        (
            "runtime_unauthorised",
            "runtime_token_refused",
            "runtime_forbidden",
            "runtime_not_ours",
            "missing_runtime_token",
        ),
        TOKENS,
    ),
    **dict.fromkeys(("runtime_conflict", "runtime_not_changed"), REFUSED),
    **dict.fromkeys(
        (
            "reason_missing",
            "reason_not_shareable",
            "incident_missing",
            "incident_unknown",
            "held_meanwhile",
            "live_needs_restart",
            "foreign_resume_request",
        ),
        OFF,
    ),
    **dict.fromkeys(("orders_after_hold", "orders_not_watched", "journal_not_written"), HOLD_DOUBTFUL),
    **dict.fromkeys(("runtime_answer_unknown", "missing_runtime_url"), OTHER),
}
BY_TOKEN: dict[str, Playbook] = {
    "readiness": NOT_READY,
    "readiness_blocker": NOT_READY,
    "safe_mode": OFF,
    "start_check": START,
    "start_check_item": START,
}
