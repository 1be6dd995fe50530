-- A later offer to a pair that did each other good, and the brake when a message gives somebody away.
CREATE TABLE IF NOT EXISTS second_touch_pairs (
    pair_key text PRIMARY KEY,
    a_id text NOT NULL,
    b_id text NOT NULL,
    positive_count integer NOT NULL DEFAULT 0,
    first_positive_at timestamptz,
    last_positive_at timestamptz,
    last_offer_at timestamptz,
    disabled_until timestamptz,
    is_disabled boolean NOT NULL DEFAULT false,
    identity_leak_blocked boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS second_touch_offers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    pair_key text NOT NULL REFERENCES second_touch_pairs (pair_key) ON DELETE CASCADE,
    offer_to_id text NOT NULL,
    state text NOT NULL DEFAULT 'available',
    message_id uuid REFERENCES messages (id) ON DELETE SET NULL,
    used_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS second_touch_offers_pair_and_time ON second_touch_offers (pair_key, created_at DESC);

ALTER TABLE messages ADD COLUMN IF NOT EXISTS identity_leak boolean NOT NULL DEFAULT false;
