"""What runbook 002's live guard procedures say (spec 002)."""
