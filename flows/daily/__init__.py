"""Runbook 004: the daily routine and what it keeps."""
