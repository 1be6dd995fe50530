-- The tables that the API's repositories make at their first start, so that a fresh machine can be migrated before it.
-- A database that has them keeps its own: nothing is made twice.

CREATE TABLE IF NOT EXISTS issues (
    id TEXT PRIMARY KEY,
    session_id TEXT,
    build_id TEXT,
    seat TEXT,
    summary TEXT,
    type TEXT,
    priority TEXT,
    sprint TEXT,
    status TEXT DEFAULT 'ready',
    assignee TEXT,
    note TEXT,
    resolution TEXT,
    credits_spent REAL DEFAULT 0,
    retry_count INTEGER DEFAULT 0,
    max_retries INTEGER DEFAULT 3,
    verification_json TEXT,
    metrics_json TEXT,
    depends_on_json TEXT,
    created_at TIMESTAMP
);

CREATE TABLE IF NOT EXISTS comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_id TEXT REFERENCES issues (id),
    author TEXT,
    content TEXT,
    created_at TIMESTAMP
);

CREATE TABLE IF NOT EXISTS card_transactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    card_id TEXT,
    role TEXT,
    action TEXT,
    timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
