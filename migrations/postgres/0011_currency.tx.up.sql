-- Money in another currency: what the payer was charged, what a movement is worth in the books and since when by which rate,
-- what it settles, and what of its commission the books hold. unvalued: waits for a rate or an account of its balance.
ALTER TABLE arrivals ADD COLUMN charged bigint NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN charged_currency text NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN charged_rate text NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN worth bigint NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN worth_currency text NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN book_rate text NOT NULL DEFAULT '0';
ALTER TABLE arrivals ADD COLUMN rate_source text NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN rate_by_hand boolean NOT NULL DEFAULT false;
ALTER TABLE arrivals ADD COLUMN conversion boolean NOT NULL DEFAULT false;
ALTER TABLE arrivals ADD COLUMN settled bigint NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN settled_currency text NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN fee_booked bigint NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN unvalued boolean NOT NULL DEFAULT false;
UPDATE arrivals SET settled = gross, settled_currency = currency, fee_booked = fee_posted;
CREATE INDEX arrivals_unvalued ON arrivals (company_id, occurred_at, id) WHERE unvalued;
ALTER TABLE connections ADD COLUMN balance_accounts text NOT NULL DEFAULT '';

CREATE TABLE exchange_rates (
	company_id text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	currency   text COLLATE "C" NOT NULL,
	date       integer NOT NULL,
	rate       text NOT NULL,
	source     text NOT NULL,
	entered_by text NOT NULL,
	version    bigint NOT NULL,
	PRIMARY KEY (company_id, id)
);
CREATE INDEX exchange_rates_by_date ON exchange_rates (company_id, date, id);
