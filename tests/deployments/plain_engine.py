"""A warm engine whose runs are small commands instead of flow runs, to see the process semantics alone."""

import os
import sys
import time
from pathlib import Path

from deployments.engine_server import serve_runs


def say(*words: object, end: str = "\n") -> None:
    sys.stdout.write(" ".join(map(str, words)) + end)
    sys.stdout.flush()


def show() -> None:
    say("cwd", Path.cwd())
    say("argv", sys.argv[1:])
    say("environ", sorted(name for name in os.environ if name.startswith("RUN_")))
    say("group", os.getpgrp() == os.getpid())
    say("umask", oct(os.umask(0)))
    say("search", sys.path[0] == str(Path.cwd()))
    say("stdin", sys.stdin.read().strip())
    sys.stderr.write("said on stderr\n")


def wait() -> None:
    say(os.getpid())
    time.sleep(60)


def wait_with_a_child() -> None:
    if os.fork() == 0:
        say(os.getpid(), end=" ")
        time.sleep(60)
    time.sleep(0.3)
    wait()


def run_command() -> None:
    match sys.argv[1]:
        case "show":
            show()
        case "exit":
            sys.exit(int(sys.argv[2]))
        case "raise":
            raise RuntimeError("as asked")
        case "wait":
            wait()
        case "wait-with-a-child":
            wait_with_a_child()


if __name__ == "__main__":
    code = Path(sys.argv[2])
    if serve_runs(Path(sys.argv[1]), code.read_text, lambda: None):
        run_command()
