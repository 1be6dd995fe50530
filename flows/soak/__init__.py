"""Runbook 004: the soak, its journal and its report."""
