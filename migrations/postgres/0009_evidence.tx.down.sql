DROP INDEX arrivals_disputes;
ALTER TABLE arrivals DROP COLUMN evidence_hash, DROP COLUMN entry_evidence, DROP COLUMN fee_evidence;
DROP TABLE evidence, evidence_payloads;
