-- What gateways sent. The list of a subject's payloads lies apart from the payloads, so that nothing but opening one reads it.
CREATE TABLE evidence (
	company_id text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	pieces     text NOT NULL,
	let_go     integer NOT NULL,
	version    bigint NOT NULL,
	PRIMARY KEY (company_id, id)
);

CREATE TABLE evidence_payloads (
	company_id text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	subject_id text COLLATE "C" NOT NULL,
	hash       text COLLATE "C" NOT NULL,
	sealed     bytea NOT NULL,
	first_seen bigint NOT NULL,
	erased_at  bigint NOT NULL,
	PRIMARY KEY (company_id, id)
);
-- Compressed before it was sealed: it gets no smaller.
ALTER TABLE evidence_payloads ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE INDEX evidence_payloads_held ON evidence_payloads (company_id, first_seen, id) WHERE erased_at = 0;

-- Hashes of payloads: the one that the snapshot was read from, and those that the entries were posted on.
ALTER TABLE arrivals ADD COLUMN evidence_hash text NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN entry_evidence text NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN fee_evidence text NOT NULL DEFAULT '';
-- Disputes by what they dispute: money in dispute keeps its evidence.
CREATE INDEX arrivals_disputes ON arrivals (company_id, connection_id, related_id) WHERE kind IN ('dispute', 'dispute_reversal');
