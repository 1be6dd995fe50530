"""A complete file of variables for a profile, safe to start with once the secrets are filled in.

Runbook 002, "ENV & Flags". The same profile gives the same bytes.
"""

from tasks.rules.guard.profiles import Profile
from tasks.rules.guard.variable import Holds, Variable
from tasks.rules.guard.variables import CONFIRM, SECTIONS, variables

MARKER = "# secret: fill in, never commit"


def sample_of(profile: Profile) -> str:
    """The text of the file: sections in their order, secrets empty and marked."""
    lines = [
        f"# The trading runtime in profile {profile.value}: a safe start. Check it before you use it:",
        f"# watchkeeper env-check --profile {profile.value} --file THIS_FILE",
        f"# {CONFIRM} is not here: a person types it, for one start.",
    ]
    for section in SECTIONS:
        shown = [variable for variable in section.variables if profile in variable.shown]
        if shown:
            lines += ["", f"# {section.title}", *(line for one in shown for line in _lines(one, profile))]
    return "\n".join(lines) + "\n"


def _lines(variable: Variable, profile: Profile) -> tuple[str, ...]:
    """The marker stands on a line of its own: not every reader takes a comment behind a value for one."""
    line = f"{variable.name}={variable.value_for(profile)}"
    return (MARKER, line) if variable.holds is Holds.SECRET else (line,)


def secrets_of(profile: Profile) -> tuple[str, ...]:
    """The names that a person has to fill in."""
    return tuple(one.name for one in variables() if one.holds is Holds.SECRET and profile in one.needed)


def count_of(profile: Profile) -> int:
    return sum(profile in variable.shown for variable in variables())
