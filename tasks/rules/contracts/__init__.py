"""Every token Watchkeeper may print, as data; one module per runbook family."""

from tasks.rules.contracts import (
    acceptance,
    artifacts,
    checklist,
    daily,
    database,
    deploying,
    environment,
    guard,
    health,
    metrics,
    production,
    project_cleanup,
    promotion,
    publishing,
    quick,
    records,
    release,
    rollback,
    runtime,
    security,
    services,
    smoke,
    soak,
    triage,
    validation,
)
from tasks.rules.outcome import Contract

REGISTRY: dict[str, Contract] = {
    contract.token: contract
    for family in (
        database,
        environment,
        acceptance,
        metrics,
        health,
        production,
        artifacts,
        daily,
        release,
        quick,
        soak,
        validation,
        publishing,
        project_cleanup,
        services,
        checklist,
        smoke,
        security,
        deploying,
        guard,
        runtime,
        promotion,
        rollback,
        records,
        triage,
    )
    for contract in vars(family).values()
    if isinstance(contract, Contract)
}
