"""Procedures of runbook 003: publishing and cleanup."""
