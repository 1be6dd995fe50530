"""The command `watchkeeper`: run a procedure by hand, or look at what procedures said.

By hand a procedure runs in this process, recorded at the configured Prefect server; when that server does not
answer it runs all the same and says so. stdout carries the lines, everything else goes to stderr.
"""

import sys
from argparse import Namespace
from collections.abc import Sequence

from flows.catalogue import Procedure, read_catalogue
from flows.command_line import build_parser
from tasks.rules.outcome import EXIT_FAILED

_OWN_OPTIONS = ("command", "json", "quiet", "local")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of the procedure; 64 for a usage error (raised as SystemExit by the parser)."""
    procedures = read_catalogue()
    options = build_parser(procedures).parse_args(arguments)
    if options.command == "contract":
        from flows.questions import print_contract

        return print_contract(options.token, as_json=options.json)
    _quieten(options)
    if options.local:
        from tasks.local_stack import use_local_stack

        use_local_stack()
    if options.command == "explain":
        from flows.questions import explain

        return explain(options.token, options.reason, as_json=options.json)
    if options.command == "outcomes":
        return _outcomes(options)
    return _run(procedures[options.command], options)


def _quieten(options: Namespace) -> None:
    """The terminal shows faults only. Called before Prefect is imported, which reads its settings then."""
    from tasks.settings import fill_in

    level = "CRITICAL" if getattr(options, "quiet", False) else "ERROR"
    fill_in({"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": level, "DO_NOT_TRACK": "1"})


def _outcomes(options: Namespace) -> int:
    from flows.questions import print_outcomes
    from tasks.rules.faults import Fault

    try:
        return print_outcomes(options.procedure, options.most, as_json=options.json)
    except Fault as fault:
        sys.stderr.write(f"watchkeeper: {fault}\n")
        return EXIT_FAILED


def _run(procedure: Procedure, options: Namespace) -> int:
    from flows.by_hand import run_by_hand

    parameters = {name: value for name, value in vars(options).items() if name not in _OWN_OPTIONS}
    return run_by_hand(procedure, parameters, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
