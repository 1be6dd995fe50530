-- How well a theme has served a person so far.
CREATE TABLE IF NOT EXISTS affinity_scores (
    actor_id text NOT NULL,
    theme_id text NOT NULL,
    score real NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor_id, theme_id)
);
