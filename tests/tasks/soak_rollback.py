"""A flow that a rung may run; the tests only count its runs."""

from prefect import flow


@flow(name="soak-rollback")
def soak_rollback(step: int = 0) -> int:
    return step
