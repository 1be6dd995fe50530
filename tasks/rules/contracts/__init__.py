"""Every token Watchkeeper may print, as data; one module per runbook family."""

from tasks.rules.contracts import (
    daily,
    database,
    deploying,
    environment,
    guard,
    health,
    production,
    project_cleanup,
    publishing,
    quick,
    records,
    release,
    runtime,
    services,
    soak,
    validation,
)
from tasks.rules.outcome import Contract

REGISTRY: dict[str, Contract] = {
    contract.token: contract
    for family in (
        database,
        environment,
        health,
        production,
        daily,
        release,
        quick,
        soak,
        validation,
        publishing,
        project_cleanup,
        services,
        deploying,
        guard,
        runtime,
        records,
    )
    for contract in vars(family).values()
    if isinstance(contract, Contract)
}
