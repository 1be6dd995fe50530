"""Gitea as a system: its API and its git over HTTP (runbook 003)."""
