"""What runbook 003's services procedures say (spec 003)."""
