"""Every token Watchkeeper may print, as data; one module per runbook family."""

from tasks.rules.contracts import daily, production
from tasks.rules.outcome import Contract

REGISTRY: dict[str, Contract] = {
    contract.token: contract
    for family in (production, daily)
    for contract in vars(family).values()
    if isinstance(contract, Contract)
}
