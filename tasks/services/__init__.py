"""The services under operation: health, databases, start and stop (runbook 003)."""
