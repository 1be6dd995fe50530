"""Load validation: an open model, measured truly (runbook 003)."""
