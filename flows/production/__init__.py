"""Runbook 001: the production database."""
