"""What runbook 002 decides about a trading runtime: its environment, its metrics, its readiness, its way to live."""
