"""What may be typed: the grammar of the `watchkeeper` command, made from the catalogue and the contracts."""

import argparse
import math
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from flows.catalogue import Procedure
from tasks.rules.contracts import REGISTRY
from tasks.rules.outcome import EXIT_USAGE, Contract, Status

WIDTH = 100
_TYPES: dict[str, type] = {"integer": int, "number": float, "string": str}


class Parser(argparse.ArgumentParser):
    """A usage error ends with 64, because 2 already means unhealthy (runbook 001, exit codes)."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


class YesOrNo(argparse.BooleanOptionalAction):
    """`--fast`, `--fast true|false` and `--no-fast`: the runbooks write the first, older scripts the second."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, **options)
        self.nargs, self.const, self.metavar = "?", "true", "true|false"

    def __call__(
        self, _parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        if values not in ("true", "false"):
            raise argparse.ArgumentError(self, f"{values!r} is not true or false")
        setattr(namespace, self.dest, (values == "true") is not str(option_string).startswith("--no-"))


def build_parser(procedures: dict[str, Procedure]) -> Parser:
    parser = Parser(
        prog="watchkeeper",
        description="Run a procedure of the runbooks, or look at what procedures said.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--local", action="store_true", help="use the embedded PostgreSQL in .watchkeeper/")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    _add_questions(commands)
    for procedure in procedures.values():
        _add_procedure(commands, procedure)
    return parser


def _add_questions(commands: Any) -> None:
    outcomes = commands.add_parser("outcomes", help="the last line of each procedure, its age and its trend")
    outcomes.add_argument("--procedure", metavar="NAME", help="only this procedure, with its history")
    outcomes.add_argument("--most", type=int, default=10, metavar="N", help="outcomes per trend (default 10)")
    contract = commands.add_parser("contract", help="every token with its statuses, exit codes, reasons and keys")
    contract.add_argument("token", nargs="?", help="only this token")
    explain = commands.add_parser("explain", help="the playbook for a token and its reason")
    explain.add_argument("token")
    explain.add_argument("reason", nargs="?")
    for question in (outcomes, contract, explain):
        question.add_argument("--json", action="store_true", help="JSON instead of text")
        question.add_argument("--local", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _add_procedure(commands: Any, procedure: Procedure) -> None:
    parser = commands.add_parser(
        procedure.name,
        help=procedure.summary,
        description=procedure.note,
        epilog=_epilog(REGISTRY[procedure.token], procedure),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for name, field in procedure.parameters.items():
        _add_option(parser, name, field)
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of text")
    parser.add_argument("--quiet", action="store_true", help="no log on stderr")
    parser.add_argument("--local", action="store_true", default=argparse.SUPPRESS, help="use the embedded PostgreSQL")


def _add_option(parser: argparse.ArgumentParser, name: str, field: dict[str, Any]) -> None:
    flag = "--" + name.replace("_", "-")
    described = _described(field)
    if field.get("type") == "boolean":
        parser.add_argument(flag, action=YesOrNo, default=argparse.SUPPRESS, help=described, dest=name)
        return
    many = field.get("type") == "array"
    parser.add_argument(
        flag,
        dest=name,
        default=argparse.SUPPRESS,
        required="default" not in field,
        action="extend" if many else "store",
        nargs="+" if many else None,
        metavar=_metavar(name, field),
        type=_reader(field["items"] if many else field),
        help=described,
    )


def _metavar(name: str, field: dict[str, Any]) -> str:
    if choices := _choices(field):
        return "|".join(choices)
    return {"integer": "N", "number": "X"}.get(field.get("type", ""), name.rpartition("_")[2].upper())


def _choices(field: dict[str, Any]) -> list[str]:
    return [str(choice) for choice in field.get("enum", [field["const"]] if "const" in field else [])]


def _described(field: dict[str, Any]) -> str:
    default = field.get("default")
    shown = "" if default in (None, []) else f" (default {_default_text(default)})"
    return (str(field.get("description", "")) + shown).strip().replace("%", "%%")


def _default_text(default: object) -> str:
    if isinstance(default, bool):
        return "yes" if default else "no"
    return " ".join(map(str, default)) if isinstance(default, list) else str(default)


def _reader(field: dict[str, Any]) -> Callable[[str], Any]:
    """Text to value, within the bounds of the parameter's own schema."""

    def read(text: str) -> Any:
        from jsonschema import Draft202012Validator

        try:
            value = _TYPES.get(field.get("type", "string"), str)(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not of type {field['type']}") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"{text} is not a number to compute with")
        for problem in Draft202012Validator(field).iter_errors(value):
            # What does not fit a pattern may be a URL with a password in it: it is not shown.
            meant = f"{field.get('description', '')} It must match {field.get('pattern')}".strip()
            why = meant if problem.validator == "pattern" else problem.message
            raise argparse.ArgumentTypeError(why)
        return value

    return read


def _epilog(contract: Contract, procedure: Procedure) -> str:
    blocks = {
        "Output": f"ends in one line: {contract.shape}",
        "Exit codes": exit_codes(contract),
        "Safety": safety_of(procedure.note),
    }
    return "\n\n".join(
        f"{title}:\n{textwrap.fill(text, WIDTH, initial_indent='  ', subsequent_indent='  ')}"
        for title, text in blocks.items()
    )


def exit_codes(contract: Contract) -> str:
    """`0 ok, not_configured; 1 fail, error; 64 usage error`."""
    by_code: dict[int, list[str]] = {}
    for status in (*contract.statuses, Status.ERROR):
        words = by_code.setdefault(contract.exit_code(status), [])
        words.append(contract.words.get(status, status.value))
    spoken = [f"{code} {', '.join(dict.fromkeys(words))}" for code, words in sorted(by_code.items())]
    return "; ".join([*spoken, f"{EXIT_USAGE} usage error"])


def safety_of(note: str) -> str:
    """The paragraph of the operator's note that begins with `Safety:`."""
    for paragraph in note.split("\n\n"):
        if paragraph.startswith("Safety:"):
            return " ".join(paragraph.removeprefix("Safety:").split())
    return ""
