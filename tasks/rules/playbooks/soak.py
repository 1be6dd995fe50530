"""A next step for each reason of runbook 004's soak procedures."""

from tasks.rules.contracts.soak import HOOK_REASONS
from tasks.rules.journal import Damage
from tasks.rules.playbooks.playbook import AGAIN, Playbook

_SECTION = "004 Soak orchestration"
_LONG = "004 Long Soak"

LIMIT = Playbook(
    "A limit of the tick was broken",
    _SECTION,
    (
        "Read `violations=` (or `reason=`): every limit that was broken; `recommendation=` says what to do about it.",
        "See with `hook=` and the line of `soak_action` what the rung has done by itself.",
        "Try another limit on the journal before you move it: `watchkeeper soak-replay --p95-ms-max 400`.",
        "If it is not the soak you want to go on with: `watchkeeper soak --do stop --why WORD`.",
    ),
)
INPUT = Playbook(
    "A file that the tick is judged by is missing, old or cannot be used",
    _SECTION,
    (
        "Read `reason=`: it names the file. The journal's line says under `problems` what is wrong with it.",
        "Start its producer: `watchkeeper kpi-gate` or `watchkeeper edge-report`, and see what it says.",
        "The hour stays judged as failed; the next one is judged by the new file.",
    ),
)
DAMAGED = Playbook(
    "The journal is not what was written",
    _SECTION,
    (
        "Keep the file as it is: nothing was added to it, and nothing will be.",
        "Run `watchkeeper journal-verify --journal F`: it names the damage and its first line.",
        "Put the right copy back: the heads in the database say how long it was and what it ended in.",
        "Is there none, stop the soak and start a new one with another --journal.",
        AGAIN,
    ),
)
UNREAD = Playbook(
    "The journal is not there or cannot be read",
    _SECTION,
    ("See whether --journal names the journal of a soak that has begun, where the worker runs.", AGAIN),
)
UNWRITTEN = Playbook(
    "The journal could not be written",
    _SECTION,
    (
        "Make room on its disk, or see that the worker's user may write there.",
        "Nothing half-written was left, and the hour is not in the books.",
        "Start soak-tick again in the same hour; later the hour is a gap.",
    ),
)
CLOCK = Playbook(
    "The clock does not fit the soak",
    _SECTION,
    (
        "Compare the worker's clock with another machine's and set it right; what is in the books stays as it is.",
        "clock_ahead after an outage of weeks: stop the soak and start a new one, its hours would all be gaps.",
        "clock_not_scaled: leave --at and --every-s out; only a rehearsal takes them.",
    ),
)
ASKED = Playbook(
    "What was asked for does not fit the soak that is there",
    _SECTION,
    (
        "Look at it: `watchkeeper soak`. It says phase, state and what keeps it.",
        "Leave --phase and --journal out, or stop it first: `watchkeeper soak --do stop --why WORD`.",
    ),
)
HOURS = Playbook(
    "These hours make no soak",
    _SECTION,
    ("Give hours above 0, and --canary-hours wherever there are --live-hours: no capital without a canary.",),
)
KEPT = Playbook(
    "The soak does not leave its phase yet",
    _SECTION,
    (
        "Read `keeps=`. hours_left and no_conclusive_tick: wait for hours with traffic.",
        "ladder_raised: a CONTINUE clears it. canary_failed: it ends by itself when its hours are done; "
        "stop it, repair the cause and start a new one.",
    ),
)
HOOK = Playbook(
    "What the rung asked for was not done",
    _SECTION,
    (
        "Read `hook=` and `reason=` of the line: which kind of hook it was, and how it ended.",
        "Do by hand now what the rung stands for; it is not called again for this hour.",
        "Correct soak.toml, the deployment or the other side; `run_not_finished` may still be under way in Prefect.",
    ),
)
REHEARSAL = Playbook(
    "The rehearsal could not be made",
    _LONG,
    (
        "too_long: `watchkeeper soak --do start`, or rehearse with --clock scaled.",
        "journal_in_use: give --journal a name of its own. rehearsal_stopped: another one has begun; wait for it.",
        AGAIN,
    ),
)
REPLAY = Playbook(
    "The journal and the rules do not give the same decisions",
    _SECTION,
    (
        "Run `watchkeeper journal-verify --journal F` first: a damaged journal is the likelier cause.",
        "If it is whole, it was made by other rules: `first_different=` is the tick to look at.",
    ),
)

_BROKEN = (
    "input_missing:EDGE_REPORT.json",
    "input_missing:KPI_GATE.json",
    "taker_ratio_gt_0.15",
    "p95_gt_350ms",
    "p99_gt_1.5x_p95",
    "readiness_lt_85",
    "net_bps_below_2.0",
    "net_bps_in_[2.0,2.5)",
    "phase_taker_ceiling_exceeded",
)
BY_REASON: dict[str, Playbook] = {
    **{reason: INPUT if reason.startswith("input_missing") else LIMIT for reason in _BROKEN},
    **dict.fromkeys([damage.value for damage in Damage], DAMAGED),
    "journal_not_read": UNREAD,
    "journal_not_written": UNWRITTEN,
    "clock_not_scaled": CLOCK,
    "invalid_time": CLOCK,
    **dict.fromkeys(("phase_differs", "journal_differs", "soak_active", "name_taken"), ASKED),
    **dict.fromkeys(("no_hours", "canary_required"), HOURS),
    "kept": KEPT,
    **dict.fromkeys(HOOK_REASONS, HOOK),
    **dict.fromkeys(("too_long", "journal_in_use", "rehearsal_stopped"), REHEARSAL),
    **dict.fromkeys(("decisions_differ", "unreadable_lines"), REPLAY),
    "no_facts": REPLAY,
}
BY_TOKEN: dict[str, Playbook] = {
    "soak_tick": LIMIT,
    "soak_action": HOOK,
    "soak": ASKED,
    "soak_report": REHEARSAL,
    "soak_replay": REPLAY,
    "journal_verify": DAMAGED,
}
