"""What a procedure costs beside an empty Prefect flow with the same number of tasks.

Two questions: inside one process (the flow call alone), and as a command by hand (interpreter, imports, all of it).
Both sides talk to the same Prefect server; the heartbeat is off on both sides inside the process.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from prefect import flow, task

from benchmarks.measuring import interleaved, report
from tasks.procedure import telling
from tests.prefect_server import running_server

EMPTY_SCRIPT = """\
from prefect import flow, task
@task
def nothing(): pass
@flow
def empty():
    nothing()
empty()
"""


@task
def nothing() -> None:
    pass


@flow
def empty() -> None:
    nothing()


def main(rounds: int = 15) -> None:
    from tasks.embedded import local_dsns

    folder = tempfile.mkdtemp(prefix="watchkeeper-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the embedded server has left it
    os.chdir(folder)
    os.environ |= local_dsns()
    with running_server(Path(folder)) as url, telling(lambda _: None):
        _prepare()
        _in_process(rounds)
        _by_hand(rounds, url)


def _prepare() -> None:
    from flows.production.db_bootstrap import db_bootstrap

    db_bootstrap(mode="apply_migrations", plan="migrations/operations", dsn_env="WATCHKEEPER_DSN", return_state=True)
    db_bootstrap(mode="apply_migrations", return_state=True)


def _in_process(rounds: int) -> None:
    from flows.production.prod_config import prod_config

    sides = {
        "prod_config (1 task, outcome stored)": lambda: prod_config(return_state=True),
        "empty flow (1 task)": lambda: empty(return_state=True),
    }
    interleaved(sides, 2)
    report("one process, one flow call", "prod_config (1 task, outcome stored)", interleaved(sides, rounds))


def _by_hand(rounds: int, url: str) -> None:
    script = Path("empty.py")
    script.write_text(EMPTY_SCRIPT, encoding="utf-8")
    environment = os.environ | {"PREFECT_API_URL": url, "PREFECT_LOGGING_LEVEL": "ERROR"}

    def command(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=True)

    sides = {
        "watchkeeper db-verify": lambda: command("-m", "flows", "db-verify"),
        "an empty flow run the same way": lambda: command(str(script)),
        "watchkeeper --help": lambda: command("-m", "flows", "--help"),
    }
    interleaved(sides, 1)
    report("a command by hand", "watchkeeper db-verify", interleaved(sides, rounds))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
