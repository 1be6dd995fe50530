"""Runbook 004: the gate, the bundle, its stamp."""
