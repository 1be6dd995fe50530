"""What runbook 003's publishing and cleanup procedures say (spec 003)."""
