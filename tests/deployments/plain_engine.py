"""A warm engine whose runs are small commands instead of flow runs, to see the process semantics alone."""

import os
import sys
import time
from pathlib import Path

from deployments.engine_server import serve_runs


def show() -> None:
    print("cwd", Path.cwd())
    print("argv", sys.argv[1:])
    print("environ", sorted(name for name in os.environ if name.startswith("RUN_")))
    print("group", os.getpgrp() == os.getpid())
    print("umask", oct(os.umask(0)))
    print("search", sys.path[0] == str(Path.cwd()))
    print("stdin", sys.stdin.read().strip())
    print("warm", "said on stderr", file=sys.stderr)


def wait() -> None:
    print(os.getpid(), flush=True)
    time.sleep(60)


def wait_with_a_child() -> None:
    if os.fork() == 0:
        print(os.getpid(), end=" ", flush=True)
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
