"""What can go wrong, grouped by whose turn it is to act.

    Fault                     a reason (a stable word of the contract) and a next step for the operator
      Misconfigured           the environment is not what the procedure needs; names only, never values
      Unreachable             the other side did not answer; reading again may help, so it may be retried
        GiteaUnreachable      Gitea did not answer, was too busy, or failed within
        RuntimeUnreachable    the trading runtime did not answer, was too busy, or failed within
      Refused                 a rule or the other side said no; never retried
        LockHeld              somebody else is at work; says who and for how long
        GiteaRefused          Gitea answered, and the answer was no
          GiteaUnauthorised   it does not take our login: no other request will fare better
        RuntimeRefused        the trading runtime answered, and the answer was no

The text of a fault is built from stable words alone. What a driver said stays in the scrubbed log.
"""

from collections.abc import Mapping

from tasks.rules.outcome import Value


class Fault(Exception):
    """Something expected went wrong: `reason` goes into the line, `next_step` to the operator's eyes."""

    def __init__(self, reason: str, next_step: str, **fields: Value) -> None:
        super().__init__(f"{reason}: {next_step}")
        self.reason = reason
        self.next_step = next_step
        self.fields: Mapping[str, Value] = fields

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuilt, (type(self), self.reason, self.next_step, dict(self.fields)))


class Misconfigured(Fault):
    pass


class Unreachable(Fault):
    pass


class Refused(Fault):
    pass


class GiteaUnreachable(Unreachable):
    pass


class GiteaRefused(Refused):
    pass


class GiteaUnauthorised(GiteaRefused):
    pass


class RuntimeUnreachable(Unreachable):
    pass


class RuntimeRefused(Refused):
    pass


class LockHeld(Refused):
    def __init__(self, held_by: str, held_for_s: int | None) -> None:
        super().__init__(
            "lock_held",
            f"wait for {held_by} to finish, then start again",
            held_by=held_by,
            held_for_s=held_for_s,
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (LockHeld, (self.fields["held_by"], self.fields["held_for_s"]))


def _rebuilt(kind: type[Fault], reason: str, next_step: str, fields: Mapping[str, Value]) -> Fault:
    return kind(reason, next_step, **fields)
