-- Refunds that we ask gateways for. Of one receipt at most one may be open, that is of unknown outcome: a second would be
-- money given back twice.
CREATE TABLE refunds (
	company_id     TEXT NOT NULL,
	id             TEXT NOT NULL,
	receipt_id     TEXT NOT NULL,
	customer_id    TEXT NOT NULL,
	connection_id  TEXT NOT NULL,
	payment_id     TEXT NOT NULL,
	amount         INTEGER NOT NULL,
	currency       TEXT NOT NULL,
	cover          TEXT NOT NULL,
	reason         TEXT NOT NULL,
	state          TEXT NOT NULL,
	arrival_id     TEXT NOT NULL,
	credit_note_id TEXT NOT NULL,
	credit_note_no TEXT NOT NULL,
	entry_seq      INTEGER NOT NULL,
	problem        TEXT NOT NULL,
	code           TEXT NOT NULL,
	detail         TEXT NOT NULL,
	tries          INTEGER NOT NULL,
	next_try       INTEGER NOT NULL,
	created_at     INTEGER NOT NULL,
	created_by     TEXT NOT NULL,
	updated_at     INTEGER NOT NULL,
	version        INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX refunds_receipt ON refunds (company_id, receipt_id, created_at);
CREATE UNIQUE INDEX refunds_one_open ON refunds (company_id, receipt_id) WHERE state = 'requested';
CREATE INDEX refunds_due ON refunds (next_try) WHERE state = 'requested';

ALTER TABLE receipts ADD COLUMN refunding INTEGER NOT NULL DEFAULT 0;
ALTER TABLE receipts ADD COLUMN refund_id TEXT NOT NULL DEFAULT '';
ALTER TABLE invoices ADD COLUMN net_credited TEXT NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN refund_id TEXT NOT NULL DEFAULT '';
CREATE INDEX arrivals_related ON arrivals (company_id, related_id) WHERE related_id <> '';

-- Proportions as in 0006.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('refunds', 'sqlite_autoindex_refunds_1', '20000 20000 1'),
	('refunds', 'refunds_receipt', '20000 20000 1 1'),
	('refunds', 'refunds_one_open', '10 10 1'),
	('refunds', 'refunds_due', '10 1'),
	('arrivals', 'arrivals_related', '30000 30000 1');
ANALYZE sqlite_schema;
