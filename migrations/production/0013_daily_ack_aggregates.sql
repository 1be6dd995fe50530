-- Deliveries and positive acknowledgements of a UTC day and theme: all that operations look at.
-- The key begins with the day, so a window of days is one range of it.
CREATE TABLE IF NOT EXISTS daily_ack_aggregates (
    utc_day date NOT NULL,
    theme_id text NOT NULL DEFAULT 'unknown',
    delivered_count bigint NOT NULL DEFAULT 0,
    positive_ack_count bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (utc_day, theme_id)
);
