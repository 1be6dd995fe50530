"""Publishing: plans, parity, the registry of what was published, cleanup (runbook 003)."""
