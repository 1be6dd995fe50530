-- What the reports ask for. Name and number are those of the earlier program, whose ledger knows this file by them.

CREATE INDEX IF NOT EXISTS idx_pr_review_cycles_status ON pr_review_cycles (status);
CREATE INDEX IF NOT EXISTS idx_review_failures_cycle ON review_failures (pr_key, cycle_number);
CREATE INDEX IF NOT EXISTS idx_webhook_events_type_created ON webhook_events (event_type, created_at);
