"""What runbook 004's soak procedures say (spec 004, sections 8 to 10)."""

from tasks.rules.journal import Damage
from tasks.rules.outcome import Contract, Form, Key, Kind, Status
from tasks.rules.soak import CAPS, Facts, Thresholds, evaluate
from tasks.rules.soak_inputs import EDGE_REPORT, KPI_GATE

_SECTION = "004 Soak orchestration"
_JOURNAL_FAULTS = ("journal_missing", "journal_not_read", "journal_damaged", "journal_not_written")
_NO_JOURNAL = ("journal_missing", "journal_not_read")
_EVERY_LIMIT_BROKEN = Facts(0.0, 0.0, 1.0, 9e9, 9e99, None, (EDGE_REPORT, KPI_GATE))
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
    reasons=("ok", "net_bps_in_[2.0,2.5)", "no_traffic", "slot_judged", *_VIOLATIONS, *_JOURNAL_FAULTS),
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
