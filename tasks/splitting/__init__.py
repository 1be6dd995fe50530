"""Splitting folders out of a monorepo, history included: all of them in one pass (runbook 003, Publishing)."""

from tasks.rules.splitting.answer import Split
from tasks.splitting.split import OnGap, count_commits, split

__all__ = ["OnGap", "Split", "count_commits", "split"]
