-- A message may wait for the recipient's morning; the notification is an intent until the provider took it.
ALTER TABLE messages
    ADD COLUMN IF NOT EXISTS deliver_at timestamptz,
    ADD COLUMN IF NOT EXISTS delivery_status text NOT NULL DEFAULT 'pending'
        CHECK (delivery_status IN ('pending', 'delivered', 'blocked')),
    ADD COLUMN IF NOT EXISTS recipient_device_id text;
CREATE INDEX IF NOT EXISTS messages_due ON messages (deliver_at) WHERE delivery_status = 'pending';

ALTER TABLE eligible_principals ADD COLUMN IF NOT EXISTS last_known_timezone_offset_minutes integer;

CREATE TABLE IF NOT EXISTS notification_intents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    recipient_device_id text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    deliver_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS notification_intents_due ON notification_intents (status, deliver_at);
