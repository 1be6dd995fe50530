-- Every change that operations make to matching_tuning: at most one a UTC day, with what it was and what it became.
CREATE TABLE IF NOT EXISTS matching_tuning_history (
    utc_day date PRIMARY KEY,
    tuned_at timestamptz NOT NULL,
    delivered bigint NOT NULL CHECK (delivered > 0),
    ratio double precision NOT NULL CHECK (ratio >= 0),
    before jsonb NOT NULL,
    after jsonb NOT NULL CHECK (after <> before)
);
