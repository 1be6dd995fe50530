"""What runbook 004's soak procedures say."""

from tasks.rules.journal import Damage
from tasks.rules.outcome import Contract, Form, Key, Kind, Status
from tasks.rules.soak import CAPS, Facts, Thresholds, evaluate
from tasks.rules.soak_inputs import EDGE_REPORT, KPI_GATE

_SECTION = "004 Soak orchestration"
_JOURNAL_FAULTS = ("journal_missing", "journal_not_read", "journal_damaged", "journal_not_written")
_NO_JOURNAL = ("journal_missing", "journal_not_read")
_CLOCK_FAULTS = ("clock_went_back", "clock_ahead", "clock_not_scaled", "invalid_time")
_EVERY_LIMIT_BROKEN = Facts(0.0, 0.0, 1.0, 9e9, 9e99, None, (EDGE_REPORT, KPI_GATE))
HOOK_REASONS = (
    "not_announced",
    "run_not_finished",
    "run_failed",
    "no_such_deployment",
    "refused_by_server",
    "hooks_invalid",
    "secret_missing",
    "not_reached",
    "no_answer_in_time",
    *(f"http_{code}" for code in range(300, 600)),
)
_VIOLATIONS = evaluate(_EVERY_LIMIT_BROKEN, CAPS[next(iter(CAPS))], Thresholds()).violations

JOURNAL_VERIFY = Contract(
    "journal_verify",
    (Status.OK, Status.INSUFFICIENT_DATA, Status.FAIL),
    _SECTION,
    reasons=(*(damage.value for damage in Damage), *_NO_JOURNAL),
    keys=(
        Key("lines", Kind.COUNT, "whole lines in the journal"),
        Key("head", Kind.DIGEST, "hash of the last one"),
        Key("line", Kind.COUNT, "the first line that is not right"),
        Key("broken", Kind.COUNT, "lines that do not carry on where the one before ended"),
        Key("known", Kind.COUNT, "lines that the newest outside head has seen"),
        Key("proof", Kind.WORDS, "the outside places that held heads to compare with"),
    ),
)

SOAK_REPLAY = Contract(
    "soak_replay",
    (Status.OK, Status.INSUFFICIENT_DATA, Status.FAIL),
    _SECTION,
    reasons=("no_facts", "decisions_differ", "unreadable_lines", *_NO_JOURNAL),
    keys=(
        Key("ticks", Kind.COUNT, "ticks in the journal"),
        Key("same", Kind.COUNT, "decisions that came out as they stand"),
        Key("different", Kind.COUNT, "decisions that came out otherwise"),
        Key("unjudged", Kind.COUNT, "ticks of a journal of before, without the numbers they were made from"),
        Key("unreadable", Kind.COUNT, "lines that are no record"),
        Key("warns", Kind.COUNT),
        Key("fails", Kind.COUNT),
        Key("first_different", Kind.COUNT, "the first tick that came out otherwise, counted from 1"),
        Key("stopped_at", Kind.COUNT, "the first tick at which the soak would have stopped"),
        Key("limits", Kind.WORDS, "the limits that were changed, as name:value"),
    ),
)

SOAK_TICK = Contract(
    "soak_tick",
    (Status.OK, Status.WARN, Status.INSUFFICIENT_DATA, Status.SKIPPED, Status.FAIL),
    _SECTION,
    reasons=(
        "ok",
        "net_bps_in_[2.0,2.5)",
        "no_traffic",
        "slot_judged",
        "no_active_soak",
        *_VIOLATIONS,
        *_JOURNAL_FAULTS,
        *_CLOCK_FAULTS,
        "phase_differs",
        "journal_differs",
    ),
    keys=(
        Key("phase", Kind.WORD, "shadow, canary or live-econ"),
        Key("status", Kind.WORD),
        Key("action", Kind.WORD, "the rung of the ladder"),
        Key("reason_code", Kind.WORD),
        Key("reason", Kind.TEXT),
        Key("caps_share", Kind.MEASURE, "share of the volume that the phase allows, 0 to 1"),
        Key("caps_capital", Kind.COUNT, "capital that the phase allows, in USD"),
        Key("recommendation", Kind.NOTE, "what a person may do; empty for CONTINUE"),
        Key("now", Kind.COUNT, "seconds since 1970"),
        Key("region", Kind.WORD),
        Key("slot", Kind.TIME, "the hour that was judged"),
        Key("gaps", Kind.COUNT, "hours before it that nobody judged"),
        Key("violations", Kind.TEXT, "every limit that was broken, when it is more than one, with ; between"),
        Key("damage", Kind.WORD, "what is wrong with the journal"),
        Key("soak", Kind.WORD, "the soak it belongs to; by-hand for none"),
        Key("seq", Kind.COUNT, "its line in the journal"),
        Key("rung", Kind.COUNT, "failures on the ladder of this phase and region after it"),
        Key("moved", Kind.WORD, "where the soak went with this tick: a phase, passed or failed"),
        Key("hook", Kind.WORD, "what the rung did, as hook:done, hook:failed or unfinished"),
        Key("clock", Kind.WORD, "frozen, or scaled in a rehearsal; absent on the real one"),
    ),
    form=Form.EVENT,
    words={
        Status.OK: "CONTINUE",
        Status.WARN: "WARN",
        Status.INSUFFICIENT_DATA: "INCONCLUSIVE",
        Status.SKIPPED: "SKIPPED",
        Status.FAIL: "FAIL",
    },
)

SOAK_ACTION = Contract(
    "soak_action",
    (Status.PLANNED, Status.OK, Status.FAIL),
    _SECTION,
    reasons=(
        "announced",
        "nobody_to_tell",
        "rehearsed",
        "called",
        "run_created",
        "run_completed",
        *HOOK_REASONS,
    ),
    keys=(
        Key("phase", Kind.WORD),
        Key("status", Kind.WORD),
        Key("action", Kind.WORD, "the rung of the ladder"),
        Key("reason", Kind.WORD, "what became of it"),
        Key("region", Kind.WORD),
        Key("slot", Kind.TIME, "the tick that asked for it"),
        Key("hook", Kind.WORD, "announce, deployment or http"),
        Key("soak", Kind.WORD),
        Key("reason_code", Kind.WORD, "why the tick asked for it"),
        Key("seq", Kind.COUNT, "its line in the journal"),
    ),
    form=Form.EVENT,
)

SOAK = Contract(
    "soak",
    (Status.OK, Status.SKIPPED, Status.FAIL),
    _SECTION,
    reasons=(
        "already_active",
        "already_ended",
        "no_active_soak",
        "soak_active",
        "name_taken",
        "no_hours",
        "canary_required",
        "kept",
        "hooks_invalid",
        *_CLOCK_FAULTS,
    ),
    keys=(
        Key("do", Kind.WORD, "start, status, advance or stop"),
        Key("soak", Kind.WORD, "its name"),
        Key("region", Kind.WORD),
        Key("state", Kind.WORD, "active, passed, failed or stopped"),
        Key("ended", Kind.WORD, "why it ended"),
        Key("phase", Kind.WORD, "shadow, canary or live-econ"),
        Key("rung", Kind.COUNT, "failures on the ladder of this phase"),
        Key("ticks", Kind.COUNT, "slots that were judged, in all phases"),
        Key("gaps", Kind.COUNT, "slots that nobody judged"),
        Key("fails", Kind.COUNT),
        Key("hours_left", Kind.MEASURE, "hours of ticks that it still needs"),
        Key("keeps", Kind.WORDS, "what keeps it from leaving the phase"),
        Key("lines", Kind.COUNT, "lines of the journal by its newest head"),
        Key("head", Kind.DIGEST, "hash of the last one"),
        Key("actions", Kind.COUNT, "actions that are planned and not done yet"),
        Key("clock", Kind.WORD, "scaled in a rehearsal"),
    ),
)

SOAK_REPORT = Contract(
    "soak_report",
    (Status.OK, Status.INSUFFICIENT_DATA, Status.FAIL),
    "004 Long Soak",
    reasons=(
        "no_ticks",
        "unreadable_lines",
        "canary_required",
        "too_long",
        "journal_in_use",
        "rehearsal_stopped",
        "unknown_zone",
        "phase_differs",
        *_JOURNAL_FAULTS,
        *_CLOCK_FAULTS,
    ),
    keys=(
        Key("soak", Kind.WORD, "the soak it is about"),
        Key("canary_passed", Kind.FLAG, "a canary has run with traffic and without a failure"),
        Key("ticks", Kind.COUNT),
        Key("gaps", Kind.COUNT, "hours that nobody judged"),
        Key("fails", Kind.COUNT),
        Key("warns", Kind.COUNT),
        Key("inconclusive", Kind.COUNT, "ticks without traffic"),
        Key("rollback_steps", Kind.COUNT, "ticks that climbed a rung"),
        Key(
            "mttr_s",
            Kind.MEASURE,
            "mean seconds from a first failure to the next good tick; absent if none recovered",
        ),
        Key("chain", Kind.WORD, "ok, unproven, or what is wrong with the journal"),
        Key("clock", Kind.WORD, "scaled in a rehearsal"),
        Key("damage", Kind.WORD, "what is wrong with the journal"),
        Key("file", Kind.FILE, "the report's name"),
    ),
)
