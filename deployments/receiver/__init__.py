"""The webhook receiver: a signed push of Gitea becomes a run of `product-publish` (runbook 003, Push Automation)."""
