"""A next step for each reason of runbook 004's daily routine."""

from tasks.rules.contracts.daily import INPUT_REASONS
from tasks.rules.playbooks.playbook import AGAIN, Playbook

ROUTINE_004 = "004 Daily routine"
ARTIFACTS_004 = "004 Artifacts (snapshot & archive)"

INPUT = Playbook(
    "An artifact that is judged is missing, old or cannot be read",
    ROUTINE_004,
    (
        "Read `file=` or `target=` and `reason=`: they name the artifact and what is wrong with it.",
        "Start the producer of that file; the table in README.md says which procedure writes what.",
        "For `bad_json`, `wrong_type`, `not_finite` and `out_of_range` look at the producer's own input first.",
        AGAIN,
    ),
)
LIMIT = Playbook(
    "A number is past its limit",
    ROUTINE_004,
    (
        "Compare `value=` with `limit=`, then look at the digest: since when, and which ticks failed.",
        "net_bps: plan a tuning step. Taker share: lower the caps. Order age: lengthen the backoff. "
        "Readiness: see which part of the score fell.",
        "Do not move the limit to make the day green.",
    ),
)
NO_TRAFFIC = Playbook(
    "Nothing was traded",
    ROUTINE_004,
    ("See whether the quiet is expected; without a fill the other numbers mean nothing.", AGAIN),
)
DAY = Playbook(
    "The day is not good",
    ROUTINE_004,
    (
        "Read the lines above the last one: each check that failed has its reason.",
        "Ask for that reason: `watchkeeper explain daily_check_line <reason>`.",
    ),
)
ROUTINE = Playbook(
    "A part of the daily routine was not good",
    ROUTINE_004,
    (
        "Read `bad=`, and the last line of each of those parts above.",
        "Ask for that part: `watchkeeper explain <token> <reason>`.",
        "The other parts did their work; start the bad one alone, or the whole routine again.",
    ),
)
ZONE = Playbook(
    "There is no time zone of that name",
    ROUTINE_004,
    ("Give --tz a name of the time zone database, like Europe/Berlin or UTC.", AGAIN),
)
FOLDER = Playbook(
    "The folder of artifacts cannot be read",
    ARTIFACTS_004,
    ("See whether the folder of --src exists where the worker runs, and lets its user in.", AGAIN),
)
DISK = Playbook(
    "What was to be written did not fit or may not be written there",
    ARTIFACTS_004,
    (
        "Make room where it is written to, or see that the worker's user may write there.",
        "Nothing half-done was left, and nothing was deleted.",
        AGAIN,
    ),
)
DAMAGED = Playbook(
    "An archive is not what its manifest says",
    ARTIFACTS_004,
    (
        "Read `first=`: the first difference. Check it alone: `watchkeeper archive-verify --folder <dst>`.",
        "Take the archive from another copy; if there is none, make a new one while the source is still there.",
    ),
)
CHANGED = Playbook(
    "Files changed while they were packed",
    ARTIFACTS_004,
    ("Somebody writes into the folder right now.", "Start it again when the producers are done."),
)
NOTHING = Playbook(
    "There was nothing to pack",
    ARTIFACTS_004,
    ("See whether the folder of --src is the right one, and whether --exclude leaves anything.", AGAIN),
)
LIMITS = Playbook(
    "The limits of the rotation do not fit",
    ARTIFACTS_004,
    ("Give it days or a size, so that there is something to go by, and some that stays.", AGAIN),
)
DELETING = Playbook(
    "Old files could not be deleted",
    ARTIFACTS_004,
    ("They are in the archive already, so nothing is lost.", "Let the worker's user delete them, then start again."),
)

SOAK = Playbook(
    "The soak's ticks of the day want attention",
    ROUTINE_004,
    (
        "Read the page that `out=` names: counts, missing numbers and warnings stand there.",
        "Look at the ticks themselves, at the end of the journal: `reason_code` and `recommendation`.",
    ),
)
JOURNAL = Playbook(
    "The journal is not what was written",
    ROUTINE_004,
    (
        "Run `watchkeeper journal-verify --journal <file>`: it names the line and the damage.",
        "A torn end is set aside by the next tick. Any other damage waits for a person.",
    ),
)
NO_TICKS = Playbook(
    "The journal has no tick for the day",
    ROUTINE_004,
    (
        "See whether a soak runs at all, and whether its hourly runs are on schedule in the UI.",
        "Compare --journal with the journal that the soak writes.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys((*INPUT_REASONS, "time_in_future", "too_old"), INPUT),
    "too_low": LIMIT,
    "too_high": LIMIT,
    "no_traffic": NO_TRAFFIC,
    "journal_damaged": JOURNAL,
    "journal_torn": JOURNAL,
    "journal_repaired": JOURNAL,
    "journal_unreadable": JOURNAL,
    "journal_missing": NO_TICKS,
    "no_ticks": NO_TICKS,
    "slots_missed": SOAK,
    "ticks_in_future": SOAK,
    "part_failed": ROUTINE,
    "unknown_zone": ZONE,
    "source_missing": FOLDER,
    "source_unreadable": FOLDER,
    "disk_full": DISK,
    "digest_not_written": DISK,
    "archive_not_written": DISK,
    "archive_damaged": DAMAGED,
    "archive_missing": DAMAGED,
    "source_changed": CHANGED,
    "nothing_to_archive": NOTHING,
    "no_limit": LIMITS,
    "everything_would_go": LIMITS,
    "delete_failed": DELETING,
}
BY_TOKEN: dict[str, Playbook] = {"daily_check": DAY, "cron_sentinel": INPUT, "daily_digest": SOAK}
