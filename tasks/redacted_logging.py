"""Every log record of this process loses its secrets when it is made, whoever logs it and wherever it goes.

A record factory, not a filter: filters belong to handlers, and a handler that is added later (Prefect adds its own)
would not have it.
"""

import logging
import traceback
from functools import cache

from tasks.rules.redaction import scrub
from tasks.settings import known_secrets

# They tell every connection's host and address at levels below, which no rule of ours has looked at.
_CHATTY = ("httpcore", "httpx")


@cache
def install() -> None:
    """Make all later log records of this process scrubbed ones; safe to call often."""
    make = logging.getLogRecordFactory()

    def scrubbed(*args: object, **kwargs: object) -> logging.LogRecord:
        record = make(*args, **kwargs)
        known = known_secrets()
        record.msg, record.args = scrub(_message(record), known), ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = scrub("".join(traceback.format_exception(*record.exc_info)), known)
            record.exc_info = None
        return record

    logging.setLogRecordFactory(scrubbed)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # a log call whose arguments do not fit its text must not end the run
        return str(record.msg)
