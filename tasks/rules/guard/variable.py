"""What one variable of the runtime's environment is: what it holds, how each profile starts, who needs it."""

from dataclasses import dataclass
from enum import Enum, auto

from tasks.rules.guard.profiles import Profile


class Holds(Enum):
    """What a variable may hold."""

    FLAG = auto()  # 1 or 0 and nothing else: the runtime reads other spellings here and there in other ways
    NUMBER = auto()  # 0 or more
    POSITIVE = auto()
    WORD = auto()
    PROFILE = auto()
    LIST = auto()  # words with commas between
    MILLISECONDS = auto()  # positive numbers with commas between
    SECONDS_BY_REASON = auto()  # JSON object
    CAPS = auto()  # venue:amount,... or venue:symbol:amount;...
    PATH = auto()  # of a file the runtime writes
    READ_PATH = auto()  # of a file it only reads
    SECRET = auto()


ALL = frozenset(Profile)
TESTNET, LIVE = frozenset({Profile.TESTNET}), frozenset({Profile.LIVE})
NOBODY: frozenset[Profile] = frozenset()


@dataclass(frozen=True, slots=True)
class Variable:
    """`values`: one for all profiles, or one for paper, testnet and live; `needed`: where it must not be empty."""

    name: str
    holds: Holds
    values: tuple[str, ...] = ("",)
    needed: frozenset[Profile] = ALL
    shown: frozenset[Profile] = ALL

    def value_for(self, profile: Profile) -> str:
        return self.values[list(Profile).index(profile)] if len(self.values) > 1 else self.values[0]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    variables: tuple[Variable, ...]


def of(holds: Holds, needed: frozenset[Profile] = ALL, **values: str | tuple[str, ...]) -> tuple[Variable, ...]:
    return tuple(
        Variable(name, holds, (value,) if isinstance(value, str) else value, needed) for name, value in values.items()
    )


def secrets(where: frozenset[Profile], *names: str, needed: bool = True) -> tuple[Variable, ...]:
    return tuple(Variable(name, Holds.SECRET, ("",), where if needed else NOBODY, where) for name in names)
