-- Money in another currency: what the payer was charged, what a movement is worth in the books and since when by which rate,
-- what it settles, and what of its commission the books hold. unvalued: waits for a rate or an account of its balance.
ALTER TABLE arrivals ADD COLUMN charged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN charged_currency TEXT NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN charged_rate TEXT NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN worth INTEGER NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN worth_currency TEXT NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN book_rate TEXT NOT NULL DEFAULT '0';
ALTER TABLE arrivals ADD COLUMN rate_source TEXT NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN rate_by_hand INTEGER NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN conversion INTEGER NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN settled_currency TEXT NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN fee_booked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN unvalued INTEGER NOT NULL DEFAULT 0;
UPDATE arrivals SET settled = gross, settled_currency = currency, fee_booked = fee_posted;
CREATE INDEX arrivals_unvalued ON arrivals (company_id, occurred_at, id) WHERE unvalued;
ALTER TABLE connections ADD COLUMN balance_accounts TEXT NOT NULL DEFAULT '';

CREATE TABLE exchange_rates (
	company_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	currency   TEXT NOT NULL,
	date       INTEGER NOT NULL,
	rate       TEXT NOT NULL,
	source     TEXT NOT NULL,
	entered_by TEXT NOT NULL,
	version    INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX exchange_rates_by_date ON exchange_rates (company_id, date, id);
