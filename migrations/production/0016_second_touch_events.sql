-- The single events behind those counters. Nobody is named, so two equal rows are two events and there is no key.
CREATE TABLE IF NOT EXISTS second_touch_events (
    event_day_utc date NOT NULL,
    event_type text NOT NULL,
    reason text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS second_touch_events_day ON second_touch_events (event_day_utc, event_type);
CREATE INDEX IF NOT EXISTS second_touch_events_created_at ON second_touch_events (created_at);
