-- Deliveries and acknowledgements are counted under the first of these.
ALTER TABLE messages ADD COLUMN theme_tags text[] NOT NULL DEFAULT '{}';
