"""Run names that make the run list read like a log."""

from collections.abc import Callable

from prefect.runtime import flow_run


def run_named(procedure: str, *parameters: str) -> Callable[[], str]:
    """`ops-daily prod 2026-11-21 03:00`: the procedure, the parameters that matter, the scheduled minute in UTC."""

    def name() -> str:
        given = flow_run.get_parameters()
        shown = [str(given[key]) for key in parameters if given.get(key) is not None]
        started = flow_run.get_scheduled_start_time()
        return " ".join([procedure, *shown, started.strftime("%Y-%m-%d %H:%M")])

    return name
