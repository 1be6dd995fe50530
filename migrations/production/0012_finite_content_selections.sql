-- Which piece of the finite content a person was shown on a day, so that it is not shown twice.
CREATE TABLE IF NOT EXISTS finite_content_selections (
    principal_id text NOT NULL,
    day_key date NOT NULL,
    content_id text NOT NULL,
    valence text NOT NULL,
    intensity text NOT NULL,
    theme_id text NOT NULL DEFAULT 'unknown',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (principal_id, day_key)
);
