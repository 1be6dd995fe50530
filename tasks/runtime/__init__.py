"""The trading runtime as a system: its HTTP surface, environment and metrics files (runbook 002)."""
