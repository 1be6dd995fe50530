-- Security events name an actor by hash alone; retention deletes by age.
CREATE TABLE IF NOT EXISTS security_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor_hash text NOT NULL,
    event_type text NOT NULL,
    meta jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS security_events_created_at ON security_events (created_at);
