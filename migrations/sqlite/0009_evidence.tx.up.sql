-- What gateways sent. The list of a subject's payloads lies apart from the payloads, so that nothing but opening one reads it.
CREATE TABLE evidence (
	company_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	pieces     TEXT NOT NULL,
	let_go     INTEGER NOT NULL,
	version    INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence_payloads (
	company_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	subject_id TEXT NOT NULL,
	hash       TEXT NOT NULL,
	first_seen INTEGER NOT NULL,
	erased_at  INTEGER NOT NULL,
	sealed     BLOB NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX evidence_payloads_held ON evidence_payloads (company_id, first_seen, id) WHERE erased_at = 0;

-- Hashes of payloads: the one that the snapshot was read from, and those that the entries were posted on.
ALTER TABLE arrivals ADD COLUMN evidence_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN entry_evidence TEXT NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN fee_evidence TEXT NOT NULL DEFAULT '';
-- Disputes by what they dispute: money in dispute keeps its evidence.
CREATE INDEX arrivals_disputes ON arrivals (company_id, connection_id, related_id) WHERE kind IN ('dispute', 'dispute_reversal');

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('evidence', 'evidence', '1000000 1000000 1'),
	('evidence_payloads', 'sqlite_autoindex_evidence_payloads_1', '2000000 2000000 1'),
	('evidence_payloads', 'evidence_payloads_held', '1000000 1000000 1 1'),
	('arrivals', 'arrivals_disputes', '5000 5000 2000 1');
ANALYZE sqlite_schema;
