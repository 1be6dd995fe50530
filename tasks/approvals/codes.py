"""One-time codes: made, kept encrypted, checked in constant time and used up.

Every code that is given leaves a row, also when it is refused: a check commits on its own before anything is decided.
"""

from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy.orm import Session

from tasks.approvals.memory import CodeAttempt, OperatorRow, alone, person_of, wrong_lately
from tasks.clock import frozen_now
from tasks.rules.approval import (
    CODE_STEP_S,
    CODE_STEPS_AROUND,
    LOCK_AFTER_WRONG_CODES,
    Problem,
    code_problem,
    person_problems,
)
from tasks.rules.faults import Fault, Misconfigured, Refused
from tasks.settings.approvals import APPROVAL_KEY, approval_keys

ISSUER = "Watchkeeper"
_NOBODY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # checked for those who are not there, to take as long as a real one


def new_secret() -> str:
    """160 random bits, as RFC 4226 wants them."""
    return pyotp.random_base32(32)


def provisioning(name: str, secret: str) -> str:
    """What an authenticator app reads; the host's own name stays out of it."""
    return pyotp.TOTP(secret, interval=CODE_STEP_S).provisioning_uri(name=name, issuer_name=ISSUER)


def encrypted(secret: str) -> str:
    return _fernet().encrypt(secret.encode()).decode()


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, at most one away from `now`; always as many comparisons, in constant time."""
    totp = pyotp.TOTP(secret, interval=CODE_STEP_S)
    here = totp.timecode(now)
    around = range(here - CODE_STEPS_AROUND, here + CODE_STEPS_AROUND + 1)
    right = [step for step in around if pyotp.utils.strings_equal(code, totp.generate_otp(step))]
    return right[-1] if right else None


def check_code(name: str, code: str, purpose: str, now: datetime) -> tuple[Problem, ...]:
    """Use up the code of that operator; empty if it was right, else every reason why it does not count."""
    refuse_frozen_clock()
    fernet = _fernet()
    with alone() as active:
        row = active.get(OperatorRow, name)
        step = step_of(_decrypted(fernet, row) if row else _NOBODY, code, now)
        problems = _verdict(active, row, step, now)
        active.add(
            CodeAttempt(
                at=now,
                operator=row.name if row else None,
                purpose=purpose,
                verdict=problems[0].value if problems else "ok",
            )
        )
    return problems


def refuse_frozen_clock() -> None:
    if frozen_now() is not None:
        raise Refused("frozen_clock", "unset WATCHKEEPER_NOW: a one-time code is worth nothing under a frozen clock")


def _verdict(active: Session, row: OperatorRow | None, step: int | None, now: datetime) -> tuple[Problem, ...]:
    problems = person_problems(person_of(row) if row else None, wrong_lately(active, now), now)
    if problems or row is None:
        return problems
    if row.locked_at is not None:  # the day is over
        row.locked_at, row.wrong_codes = None, 0
    problem = code_problem(person_of(row), step)
    if problem is None and step is not None:
        row.last_step, row.wrong_codes = step, 0
        return ()
    if problem is Problem.WRONG_CODE:
        row.wrong_codes += 1
        row.locked_at = now if row.wrong_codes >= LOCK_AFTER_WRONG_CODES else None
    return (problem or Problem.WRONG_CODE,)


def _fernet() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key.get_secret_value()) for key in approval_keys()])
    except ValueError:
        raise Misconfigured(
            "invalid_setting", f"correct {APPROVAL_KEY}: 32 bytes in url-safe base64", env=(APPROVAL_KEY,)
        ) from None


def _decrypted(fernet: MultiFernet, row: OperatorRow) -> str:
    try:
        return fernet.decrypt(row.secret.encode()).decode()
    except InvalidToken:
        raise Fault(
            "approval_key_changed",
            f"put the {APPROVAL_KEY} back that the operators were enrolled with (after the new one, with a comma)",
            env=(APPROVAL_KEY,),
        ) from None
