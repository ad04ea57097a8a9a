-- posted: what of gross is in the books. unproven: the gateway account and the provider's balance differ by this arrival, or
-- may. The program derives it.
ALTER TABLE arrivals ADD COLUMN posted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN unproven INTEGER NOT NULL DEFAULT 0;
UPDATE arrivals SET posted = CASE WHEN state = 'integrated' THEN gross ELSE 0 END,
	unproven = CASE state WHEN 'void' THEN 0
		WHEN 'integrated' THEN fee_state = 'unknown' OR fee_state = 'known' AND fee <> fee_posted
		ELSE gateway_state <> 'failed' END;
CREATE INDEX arrivals_unproven ON arrivals (company_id, connection_id, occurred_at, id) WHERE unproven;
CREATE INDEX arrivals_unpaid ON arrivals (company_id, connection_id, currency) WHERE payout_id = '' AND kind <> 'payout' AND gateway_state = 'succeeded';
CREATE INDEX arrivals_of_payout ON arrivals (company_id, connection_id, payout_id, occurred_at, id) WHERE payout_id <> '';
CREATE INDEX arrivals_payouts ON arrivals (company_id, connection_id, occurred_at, id) WHERE kind = 'payout';
CREATE INDEX journal_lines_foreign ON journal_lines (company_id, account, foreign_currency) WHERE foreign_currency <> '';

-- What a proof holds is frozen with it and never asked for alone.
CREATE TABLE proofs (
	company_id    TEXT NOT NULL,
	id            TEXT NOT NULL,
	connection_id TEXT NOT NULL,
	at            INTEGER NOT NULL,
	state         TEXT NOT NULL,
	doc           TEXT NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX proofs_by_date ON proofs (company_id, connection_id, at, id);

CREATE TABLE proof_runs (
	company_id    TEXT NOT NULL,
	connection_id TEXT NOT NULL,
	step          TEXT NOT NULL,
	cursor        TEXT NOT NULL,
	seen          BLOB NOT NULL,
	part          TEXT NOT NULL,
	next_run      INTEGER NOT NULL,
	failures      INTEGER NOT NULL,
	version       INTEGER NOT NULL,
	PRIMARY KEY (company_id, connection_id)
) STRICT;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('arrivals', 'arrivals_unproven', '10000 10000 3000 2 1'),
	('arrivals', 'arrivals_unpaid', '20000 20000 6000 6000'),
	('arrivals', 'arrivals_of_payout', '900000 900000 300000 500 2 1'),
	('arrivals', 'arrivals_payouts', '3000 3000 1000 1 1'),
	('journal_lines', 'journal_lines_foreign', '10000 10000 5000 5000'),
	('proofs', 'sqlite_autoindex_proofs_1', '3000 3000 1'),
	('proofs', 'proofs_by_date', '3000 3000 1000 1 1');
ANALYZE sqlite_schema;
