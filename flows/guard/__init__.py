"""Procedures of runbook 002: live guard."""
