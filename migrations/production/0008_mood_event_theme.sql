ALTER TABLE mood_events ADD COLUMN theme_tag text;
