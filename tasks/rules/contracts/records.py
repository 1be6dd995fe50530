"""What the shift log and the notes of incidents say (runbook 002, Live Guard & Confirm and Incident Notes)."""

from tasks.rules.contracts.guard import APPROVAL_KEYS, APPROVAL_REASONS
from tasks.rules.journal import Damage
from tasks.rules.outcome import Contract, Key, Kind, Status

_TEXT_REASONS = ("text_unreadable", "nothing_written", "missing_operator")
_CHAIN_REASONS = (*(damage.value for damage in Damage), "document_missing")

SHIFT_RECORD = Contract(
    "shift_record",
    (Status.OK,),
    "002 Live Guard & Confirm",
    keys=(
        Key("seq", Kind.COUNT, "its number in the log"),
        Key("at", Kind.TIME),
        Key("kind", Kind.WORD, "what was done"),
        Key("about", Kind.WORD, "what it was done to"),
        Key("facts", Kind.TEXT, "words and numbers, as name:value"),
    ),
)

SHIFT_LOG = Contract(
    "shift_log",
    (Status.OK, Status.INSUFFICIENT_DATA, Status.FAIL),
    "002 Live Guard & Confirm",
    reasons=(*_CHAIN_REASONS, *_TEXT_REASONS, "by_hand_only", "no_terminal"),
    keys=(
        Key("do", Kind.WORD, "show, add, export or verify"),
        Key("chain", Kind.WORD, "shift-log, or incidents for the records of the notes"),
        Key("records", Kind.COUNT, "how many there are"),
        Key("head", Kind.DIGEST, "hash of the last one"),
        Key("seq", Kind.COUNT, "the record that was added"),
        Key("line", Kind.COUNT, "the first record that is not right"),
        Key("broken", Kind.COUNT, "records that do not carry on where the one before ended"),
        Key("known", Kind.COUNT, "records that the last export has seen"),
        Key("missing", Kind.COUNT, "documents that were taken away or changed"),
        Key("files", Kind.COUNT, "files that were written"),
    ),
)

INCIDENT_NOTE = Contract(
    "incident_note",
    (Status.OK, Status.FAIL),
    "002 Incident Notes",
    reasons=(
        "unknown_incident",
        "missing_incident",
        "missing_key",
        "note_incomplete",
        "note_not_reviewed",
        "note_changed",
        "reviewer_is_author",
        "invalid_word",
        "unknown_section",
        *_TEXT_REASONS,
        *APPROVAL_REASONS,
    ),
    keys=(
        Key("do", Kind.WORD, "draft, write, review, close, show, export or list"),
        Key("incident", Kind.WORD, "its number"),
        Key("state", Kind.WORD, "draft, reviewed or closed"),
        Key("profile", Kind.WORD),
        Key("venue", Kind.WORD),
        Key("why", Kind.WORD, "the reason of the refusal or the block"),
        Key("flags", Kind.WORDS, "the flags involved"),
        Key("records", Kind.COUNT, "what stands in it: nothing is ever taken out or written over"),
        Key("snapshot", Kind.DIGEST, "SHA-256 of the snapshot that it was opened with"),
        Key("sources", Kind.COUNT, "sources of the snapshot that were read"),
        Key("unavailable", Kind.COUNT, "sources that failed: the note names each with its reason"),
        Key("wanting", Kind.WORDS, "what has to be said before it may be closed"),
        Key("reviewer", Kind.WORD, "who reviewed it"),
        Key("notes", Kind.COUNT, "how many notes there are"),
        Key("open", Kind.COUNT, "of them not closed"),
        Key("files", Kind.COUNT, "files that were written"),
        *APPROVAL_KEYS,
    ),
)
