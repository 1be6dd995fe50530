-- Where a message came from: a device, or the word `system`.
ALTER TABLE messages ADD COLUMN origin_device_id text;
