-- The tables that the webhook server makes at its first start, so that a fresh machine can be migrated before it.
-- A database that has them keeps its own: nothing is made twice.

CREATE TABLE IF NOT EXISTS pr_review_cycles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pr_key TEXT UNIQUE NOT NULL,
    repo_full_name TEXT NOT NULL,
    pr_number INTEGER NOT NULL,
    cycle_count INTEGER DEFAULT 0,
    status TEXT DEFAULT 'active',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (repo_full_name, pr_number)
);

CREATE TABLE IF NOT EXISTS review_failures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pr_key TEXT NOT NULL REFERENCES pr_review_cycles (pr_key),
    cycle_number INTEGER NOT NULL,
    reviewer TEXT,
    reason TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS webhook_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_type TEXT NOT NULL,
    pr_key TEXT,
    payload TEXT,
    result TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS bug_fix_phases (
    rock_id TEXT PRIMARY KEY,
    data_json TEXT NOT NULL,
    status TEXT NOT NULL,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_pr_key ON pr_review_cycles (pr_key);
CREATE INDEX IF NOT EXISTS idx_repo_pr ON pr_review_cycles (repo_full_name, pr_number);
CREATE INDEX IF NOT EXISTS idx_failure_pr_key ON review_failures (pr_key);
