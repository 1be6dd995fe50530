"""Splitting folders out of a monorepo, history included: all of them in one pass (runbook 003, Publishing)."""

from tasks.splitting.split import Split, split

__all__ = ["Split", "split"]
