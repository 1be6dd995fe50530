"""Procedures of runbook 003: services."""
