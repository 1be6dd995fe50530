-- Nobody in the crisis window is offered anything.
CREATE TABLE IF NOT EXISTS principal_crisis_state (
    principal_id text PRIMARY KEY,
    last_crisis_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
