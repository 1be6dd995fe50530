"""Keeps what a service says: read from a pipe, without its secrets, in files of a bounded size.

Run beside the service as `python -m tasks.services.log_keeper FILE`, with the service's environment, so that its
secrets are known and taken out. A full disk loses lines and never stops the service, which would wait at a full pipe.
"""

import logging
import signal
import sys
from logging.handlers import RotatingFileHandler

from tasks.rules.redaction import scrub
from tasks.settings.environment import known_secrets

FILE_BYTES = 4 << 20
FILES = 3
_LONGEST_LINE = 1 << 16


def keep(file: str) -> None:
    """Until whoever writes has ended."""
    logging.raiseExceptions = False
    known = known_secrets()
    handler = RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8", delay=True)
    while line := sys.stdin.buffer.readline(_LONGEST_LINE):
        text = scrub(line.decode("utf-8", "replace").rstrip("\n"), known)
        handler.handle(logging.makeLogRecord({"msg": text}))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends after the service, with its last words
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep(sys.argv[1])
