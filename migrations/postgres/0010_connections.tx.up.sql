ALTER TABLE connections ADD COLUMN connected_at bigint NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN webhook_url text NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN webhook_at bigint NOT NULL DEFAULT 0;

ALTER TABLE feeds ADD COLUMN last_webhook bigint NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN busy_until bigint NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN asked boolean NOT NULL DEFAULT false;
ALTER TABLE feeds ADD COLUMN found integer NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN past_since bigint NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN past_asked bigint NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN past_cursor text NOT NULL DEFAULT '';
ALTER TABLE feeds ADD COLUMN past_found integer NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN past_reached bigint NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN past_ended bigint NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN past_problem text NOT NULL DEFAULT '';

ALTER TABLE attempts ADD COLUMN declines integer NOT NULL DEFAULT 0;
