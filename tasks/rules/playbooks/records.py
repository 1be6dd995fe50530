"""A next step for each reason of the shift log and the notes of incidents."""

from tasks.rules.journal import Damage
from tasks.rules.playbooks.playbook import AGAIN, Playbook

_NOTES = "002 Incident Notes"
_LOG = "002 Live Guard & Confirm"

CHAIN = Playbook(
    "The records are not what was written",
    _LOG,
    (
        "Nothing is lost by looking: keep the database as it is and take a copy of it.",
        "`line=` is the first record that is not right; compare it with the last export, `records/*.json`.",
        "truncated, rewritten, older_copy: the database was put back or changed since that export; find out by whom.",
        "document_missing: a text or a snapshot was taken away; the record still names its SHA-256.",
        "unproven: there is no export yet. Make one: watchkeeper shift-log --do export",
    ),
)
TEXT = Playbook(
    "There is no text to keep",
    _NOTES,
    (
        "Write it into a file (UTF-8, at most 64 KiB, no link) and name it: --text-file F. It is never a parameter.",
        "Or leave --text-file out in a terminal of the machine, and type it there.",
        "Headings are What happened, Decisions and Next steps. Say who writes with --operator NAME.",
    ),
)
INCOMPLETE = Playbook(
    "The note cannot be closed yet",
    _NOTES,
    (
        "`wanting=` names every item that is missing. Words: --profile, --venue, --why. Texts: --text-file F.",
        "watchkeeper incident-note --do write --incident ID --operator NAME --text-file F",
        "Then another person reviews: watchkeeper incident-note --do review --incident ID. What is written after a "
        "review has to be reviewed again.",
    ),
)
REVIEWER = Playbook(
    "Somebody else has to review it",
    _NOTES,
    (
        "The reviewer approves in the form or at the terminal, and may not be one of the note's authors.",
        "One operator asks for the review, another one, who wrote nothing in it, approves.",
    ),
)
WHICH = Playbook(
    "It is not said which note",
    _NOTES,
    (
        "watchkeeper incident-note --do list says which there are; name one with --incident INC-YYYYMMDD-NN.",
        "A draft needs --key: one word for the incident, so that starting it twice opens one note.",
        "invalid_word: key, profile, venue, why and flags are words of letters, digits and _ . : + -",
        AGAIN,
    ),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(("text_unreadable", "nothing_written", "missing_operator", "unknown_section"), TEXT),
    **dict.fromkeys(("note_incomplete", "note_not_reviewed", "note_changed"), INCOMPLETE),
    **dict.fromkeys(("unknown_incident", "missing_incident", "missing_key", "invalid_word"), WHICH),
    "reviewer_is_author": REVIEWER,
    "document_missing": CHAIN,
}
BY_TOKEN: dict[str, Playbook] = {"shift_log": CHAIN, "incident_note": INCOMPLETE}
BY_BOTH: dict[tuple[str, str], Playbook] = {("shift_log", damage.value): CHAIN for damage in Damage}
