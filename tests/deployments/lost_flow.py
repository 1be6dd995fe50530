"""A flow that takes its time, for the tests of what becomes of it when its process is killed."""

import os
import time
from pathlib import Path

from prefect import flow


@flow(name="prod-config")  # the name of a procedure, so that the janitor has a line to say for it
def lost_flow(pid_file: str, seconds: int = 300) -> None:
    Path(pid_file).write_text(str(os.getpid()))
    time.sleep(seconds)
