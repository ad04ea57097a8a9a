DROP TABLE proof_runs;
DROP TABLE proofs;
DROP INDEX journal_lines_foreign;
DROP INDEX arrivals_payouts;
DROP INDEX arrivals_of_payout;
DROP INDEX arrivals_unpaid;
DROP INDEX arrivals_unproven;
ALTER TABLE arrivals DROP COLUMN unproven;
ALTER TABLE arrivals DROP COLUMN posted;
