-- A mood as it counts in statistics: without any text.
CREATE TABLE IF NOT EXISTS mood_events (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    device_id text NOT NULL,
    valence text NOT NULL CHECK (valence IN ('positive', 'neutral', 'negative')),
    intensity text NOT NULL CHECK (intensity IN ('low', 'medium', 'high')),
    emotion text,
    risk_level smallint NOT NULL DEFAULT 0 CHECK (risk_level BETWEEN 0 AND 2),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS mood_events_device_and_time ON mood_events (device_id, created_at DESC);
