-- Who may receive a message now, found by shared themes.
CREATE TABLE IF NOT EXISTS eligible_principals (
    principal_id text PRIMARY KEY,
    intensity_band smallint NOT NULL DEFAULT 0,
    theme_tags text[] NOT NULL DEFAULT '{}',
    is_eligible boolean NOT NULL DEFAULT true,
    last_active_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS eligible_principals_theme_tags ON eligible_principals USING gin (theme_tags);
