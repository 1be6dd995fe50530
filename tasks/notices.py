"""Notices to the people on call: one message when an incident opens, one when it is over.

A message goes as JSON to the webhook that WATCHKEEPER_ALERT_WEBHOOK_URL (or SLACK_WEBHOOK_URL) names. What could not
be sent is sent by the next run of any procedure; nothing that happens here changes an outcome.
"""

import logging
import time
from datetime import datetime

import httpx
from prefect.runtime import flow_run

from tasks import incidents
from tasks.incidents import Notice
from tasks.rules.faults import Fault
from tasks.rules.incidents import Meaning, meaning_of, message
from tasks.rules.outcome import Outcome
from tasks.rules.redaction import scrub
from tasks.settings import known_secrets, settings
from tasks.step import has_server

log = logging.getLogger("prefect.watchkeeper")

TRIES = 3
PAUSE_S = 0.5
TIMEOUT = httpx.Timeout(5.0)


def notify(procedure: str, outcome: Outcome, *, at: datetime) -> None:
    """Open, count up or close the procedure's incident, and send the messages that are due."""
    meaning, link = meaning_of(outcome), _link()
    try:
        if meaning is Meaning.BAD:
            incidents.record_failure(procedure, outcome.line, link, at)
        elif meaning is Meaning.GOOD:
            incidents.record_recovery(procedure, outcome.line, link, at)
        if settings().alert_webhook_url:
            incidents.deliver_due(_send, at)
    except Fault as fault:
        log.info("incident not recorded: %s", fault)
        if meaning is Meaning.BAD and settings().alert_webhook_url:
            _send(Notice(outcome.line, link))  # without a memory a message too many is better than none


def announce(line: str) -> bool | None:
    """Tell the people on call one line now: whether the webhook took it, None if there is none."""
    if not settings().alert_webhook_url:
        return None
    return _send(Notice(line, _link()))


def _link() -> str | None:
    url = flow_run.ui_url if has_server() and flow_run.id else None
    return scrub(url, known_secrets()) if url else None


def _send(notice: Notice) -> bool:
    """Whether the webhook took the message; repeated only where it surely did not (5xx, no connection)."""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_S * 2 ** (attempt - 1))
        try:
            answer = _post(message(notice.line, notice.link))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            log.warning("notice not sent: %s", type(error).__name__)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("notice not sent: %s", type(error).__name__)
            return False
        else:
            if answer.is_success:
                return True
            log.warning("notice not sent: HTTP %d", answer.status_code)
            if not answer.is_server_error:
                return False
    return False


def _post(body: bytes) -> httpx.Response:
    url = settings().alert_webhook_url
    return httpx.post(
        url.get_secret_value() if url else "",
        content=body,
        headers={"Content-Type": "application/json"},
        timeout=TIMEOUT,
    )
