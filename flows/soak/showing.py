"""How a soak is shown, for the procedures `soak` and `soak-tick`: its page and its picture."""

import logging

from tasks.rules.faults import Fault
from tasks.rules.soak_standing import Standing
from tasks.soak_evidence import show_soak
from tasks.soaks import Asked, look_at_soak, read_points

log = logging.getLogger("prefect.watchkeeper")


def show(standing: Standing) -> None:
    """Draw it; a picture that cannot be drawn or kept changes nothing of what is told."""
    try:
        show_soak(standing, read_points(standing.soak))
    except Fault as fault:
        log.warning("the soak is not shown: %s", fault)


def show_named(soak: str) -> None:
    """The same for a soak by its name."""
    if standing := look_at_soak(Asked(soak)):
        show(standing)
