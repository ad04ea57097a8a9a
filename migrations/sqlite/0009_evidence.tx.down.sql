DELETE FROM sqlite_stat1 WHERE tbl IN ('evidence', 'evidence_payloads') OR idx = 'arrivals_disputes';
DROP INDEX arrivals_disputes;
ALTER TABLE arrivals DROP COLUMN evidence_hash;
ALTER TABLE arrivals DROP COLUMN entry_evidence;
ALTER TABLE arrivals DROP COLUMN fee_evidence;
DROP TABLE evidence_payloads;
DROP TABLE evidence;
