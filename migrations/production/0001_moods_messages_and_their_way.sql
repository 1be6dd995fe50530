-- What people submit, what is sent on, where it arrives and how it is answered.
-- Risk 2 means possible crisis: such a text is never kept and such a message never leaves.

CREATE TABLE mood_submissions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    device_id text NOT NULL,
    valence text NOT NULL CHECK (valence IN ('positive', 'neutral', 'negative')),
    intensity text NOT NULL CHECK (intensity IN ('low', 'medium', 'high')),
    emotion text CHECK (emotion IN (
        'calm', 'content', 'hopeful', 'happy', 'anxious', 'angry', 'sad', 'disappointed', 'overwhelmed', 'numb'
    )),
    free_text text,
    risk_level smallint NOT NULL DEFAULT 0 CHECK (risk_level BETWEEN 0 AND 2),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT mood_submissions_crisis_keeps_no_text CHECK (risk_level < 2 OR free_text IS NULL)
);

CREATE TABLE messages (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    valence text NOT NULL CHECK (valence IN ('positive', 'neutral', 'negative')),
    intensity text NOT NULL CHECK (intensity IN ('low', 'medium', 'high')),
    emotion text CHECK (emotion IN (
        'calm', 'content', 'hopeful', 'happy', 'anxious', 'angry', 'sad', 'disappointed', 'overwhelmed', 'numb'
    )),
    sanitized_text text,
    risk_level smallint NOT NULL DEFAULT 0 CHECK (risk_level BETWEEN 0 AND 2),
    status text NOT NULL DEFAULT 'queued',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT messages_crisis_keeps_no_text CHECK (risk_level < 2 OR sanitized_text IS NULL),
    CONSTRAINT messages_crisis_is_blocked CHECK (
        status = CASE WHEN risk_level = 2 THEN 'blocked' ELSE 'queued' END
    )
);
CREATE INDEX messages_created_at ON messages (created_at);

CREATE TABLE inbox_items (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    recipient_device_id text NOT NULL,
    state text NOT NULL DEFAULT 'unread',
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_items_once UNIQUE (message_id, recipient_device_id)
);
CREATE INDEX inbox_items_received_at ON inbox_items (received_at);

CREATE TABLE acknowledgements (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    recipient_device_id text NOT NULL,
    reaction text NOT NULL CONSTRAINT acknowledgements_reaction CHECK (reaction IN ('helpful', 'not_helpful')),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT acknowledgements_once UNIQUE (message_id, recipient_device_id)
);
CREATE INDEX acknowledgements_created_at ON acknowledgements (created_at);

CREATE TABLE safety_events (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    event_type text NOT NULL,
    risk_level smallint NOT NULL CHECK (risk_level BETWEEN 0 AND 2),
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE event_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_name text NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
