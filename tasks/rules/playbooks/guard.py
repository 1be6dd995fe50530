"""A next step for each reason of runbook 002's live guard procedures."""

from tasks.rules.playbooks.playbook import AGAIN, ESCALATE, Playbook

_CONFIRM = "002 Live Guard & Confirm"

CODE = Playbook(
    "The one-time code does not count",
    _CONFIRM,
    (
        "Type the code that the app shows now, under the name that was enrolled: watchkeeper operators lists them.",
        "code_used: each code counts once, everywhere; wait for the next one.",
        "Always wrong? Compare the clocks of the phone and of this machine: half a minute is allowed, no more.",
        "operator_locked: another operator unlocks with watchkeeper operators --do unlock; it ends after 24 hours.",
        "wrong_phrase: type the confirmation as the plan shows it; it ends with the beginning of the plan's hash.",
        "Nobody typed it? Somebody is trying: revoke the operator, and " + ESCALATE[0].lower() + ESCALATE[1:],
    ),
)
TWO_PEOPLE = Playbook(
    "It takes two operators",
    _CONFIRM,
    (
        "One operator asks and another one approves: whoever asked cannot approve, under no name.",
        "Fewer than two active operators? Enrol one: watchkeeper operators --do enrol --operator NAME.",
    ),
)
NOT_APPROVED = Playbook(
    "There is no approval for this plan",
    _CONFIRM,
    (
        "plan_changed: what would be done now is not what was signed. Look at the new plan and ask again.",
        "approval_expired, approval_used, approval_void: it is over; start the procedure again and ask anew.",
        "approval_void: an operator who had signed was revoked, or the plan moved while it was waiting.",
        "approval_refused: ask the operator who refused it before you ask again.",
        "Nothing was done: an approval is used right before the effect, and once.",
    ),
)
KEY = Playbook(
    "The key of the operators' secrets",
    _CONFIRM,
    (
        "Set WATCHKEEPER_APPROVAL_KEY where the procedure runs (worker and shell), never in a parameter or a file "
        "under version control.",
        "A new one: openssl rand -base64 32 | tr '+/' '-_'. To replace one: the new, a comma, the old.",
        "Lost for good? The operators have to be enrolled anew: docs/adr/0010-two-signatures.md says how.",
        AGAIN,
    ),
)
TERMINAL = Playbook(
    "This needs a person at a terminal of the machine",
    _CONFIRM,
    (
        "Enrolment shows a secret: start watchkeeper operators in a terminal, not from the UI, a call or a script.",
        "An approval is answered in the form of the waiting run, or with watchkeeper approve in a terminal.",
    ),
)
OPERATOR_NAME = Playbook(
    "That operator cannot be enrolled, revoked or unlocked",
    _CONFIRM,
    (
        "watchkeeper operators lists who there is and in what state.",
        "A name is 2 to 32 of a-z, 0-9, dot, dash and underscore, and is never given again after a revocation.",
        "last_operator: enrol the successor first. self_unlock: another operator unlocks.",
    ),
)

_CODE = (
    "unknown_operator",
    "revoked_operator",
    "operator_locked",
    "approvals_locked",
    "wrong_code",
    "code_used",
    "wrong_phrase",
)
_ENDED = (
    "unknown_request",
    "plan_changed",
    "approval_expired",
    "approval_refused",
    "approval_void",
    "approval_used",
    "already_approved",
    "not_approved",
    "too_many_answers",
    "no_answer",
)
_NAME = ("invalid_operator", "already_enrolled", "needs_operator", "last_operator", "self_unlock")

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(_CODE, CODE),
    **dict.fromkeys(_ENDED, NOT_APPROVED),
    **dict.fromkeys(_NAME, OPERATOR_NAME),
    **dict.fromkeys(("missing_approval_key", "approval_key_changed"), KEY),
    **dict.fromkeys(("by_hand_only", "no_terminal"), TERMINAL),
    "self_approval": TWO_PEOPLE,
}
BY_TOKEN: dict[str, Playbook] = {"approve": NOT_APPROVED, "operators": OPERATOR_NAME}
