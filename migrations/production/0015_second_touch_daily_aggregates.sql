-- The counters of the second touch, one row for each day and counter.
CREATE TABLE IF NOT EXISTS second_touch_daily_aggregates (
    utc_day date NOT NULL,
    counter_key text NOT NULL,
    count bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (utc_day, counter_key)
);
