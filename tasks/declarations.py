"""Files in which somebody declares what a procedure does: what is wrong with one is said in one way."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tasks.rules.faults import Fault, Refused

T = TypeVar("T")


def read_declaration(path: Path, made: Callable[[dict[str, Any]], T], what: str, *, unread: str, invalid: str) -> T:
    """What a rule makes of the TOML file, which the operator knows as `what`.

    `unread` and `invalid` are the reasons of a file that cannot be read and of one that is wrong, as the rule tells
    by a ValueError. What a missing file means is the caller's: FileNotFoundError passes through.
    """
    try:
        return made(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Fault(unread, f"{what} cannot be read ({type(error).__name__})") from None
    except ValueError as wrong:
        why = "no TOML" if isinstance(wrong, (tomllib.TOMLDecodeError, UnicodeDecodeError)) else str(wrong)
        raise Refused(invalid, f"correct {what}: {why}") from None
