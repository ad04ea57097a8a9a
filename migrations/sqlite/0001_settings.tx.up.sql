-- Text is compared byte by byte, as on PostgreSQL with collation C. Tables whose rows are read in the order of their
-- primary key, or are short, are stored in that order (WITHOUT ROWID).

CREATE TABLE companies (
	id          TEXT NOT NULL PRIMARY KEY,
	name        TEXT NOT NULL,
	settings    TEXT NOT NULL,
	test_books  INTEGER NOT NULL,
	logo        BLOB NOT NULL,
	mail_sealed BLOB NOT NULL
) STRICT;

-- The head of each company's chain, which every transaction that posts moves on. It stands apart from the settings so that
-- what is rewritten each time is short. closed_until repeats the setting for the rule on dates of entries.
CREATE TABLE pens (
	company_id    TEXT NOT NULL PRIMARY KEY REFERENCES companies,
	setup_version INTEGER NOT NULL,
	closed_until  INTEGER NOT NULL,
	chain_seq     INTEGER NOT NULL,
	chain_hash    BLOB NOT NULL
) STRICT;

CREATE TABLE accounts (
	company_id TEXT NOT NULL,
	code       TEXT NOT NULL,
	label      TEXT NOT NULL,
	collective INTEGER NOT NULL,
	active     INTEGER NOT NULL,
	PRIMARY KEY (company_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE journals (
	company_id TEXT NOT NULL,
	code       TEXT NOT NULL,
	label      TEXT NOT NULL,
	type       TEXT NOT NULL,
	active     INTEGER NOT NULL,
	PRIMARY KEY (company_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE fiscal_years (
	company_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	starts     INTEGER NOT NULL,
	ends       INTEGER NOT NULL,
	closed     INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE vat_codes (
	company_id TEXT NOT NULL,
	code       TEXT NOT NULL,
	label      TEXT NOT NULL,
	rate       TEXT NOT NULL,
	category   TEXT NOT NULL,
	nature     TEXT NOT NULL,
	revenue    TEXT NOT NULL,
	account    TEXT NOT NULL,
	mention    TEXT NOT NULL,
	active     INTEGER NOT NULL,
	PRIMARY KEY (company_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE payment_methods (
	company_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	code       TEXT NOT NULL,
	label      TEXT NOT NULL,
	kind       TEXT NOT NULL,
	online     INTEGER NOT NULL,
	journal    TEXT NOT NULL,
	account    TEXT NOT NULL,
	active     INTEGER NOT NULL,
	version    INTEGER NOT NULL,
	PRIMARY KEY (company_id, id),
	CONSTRAINT payment_methods_code UNIQUE (company_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE connections (
	company_id          TEXT NOT NULL,
	id                  TEXT NOT NULL,
	gateway             TEXT NOT NULL,
	label               TEXT NOT NULL,
	mode                TEXT NOT NULL,
	account_id          TEXT NOT NULL,
	account             TEXT NOT NULL,
	public              TEXT NOT NULL,
	sealed              BLOB NOT NULL,
	journal             TEXT NOT NULL,
	gateway_account     TEXT NOT NULL,
	commission_account  TEXT NOT NULL,
	bank_journal        TEXT NOT NULL,
	bank_account        TEXT NOT NULL,
	dispute_fee_account TEXT NOT NULL,
	fee_vat             TEXT NOT NULL,
	fee_vat_rate        TEXT NOT NULL,
	switched_on         INTEGER NOT NULL,
	status              TEXT NOT NULL,
	problem             TEXT NOT NULL,
	detail              TEXT NOT NULL,
	version             INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT, WITHOUT ROWID;

-- Counters without gaps: legal numbers of documents and entries, matching codes, customer codes.
CREATE TABLE sequences (
	company_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	last       INTEGER NOT NULL,
	date       INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
	company_id  TEXT NOT NULL,
	id          TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	resource    TEXT NOT NULL,
	at          INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT, WITHOUT ROWID;

-- Who did what, by the record it was done to. History is only added to.
CREATE TABLE events (
	company_id TEXT NOT NULL,
	ref        TEXT NOT NULL,
	id         TEXT NOT NULL,
	at         INTEGER NOT NULL,
	actor      TEXT NOT NULL,
	action     TEXT NOT NULL,
	detail     TEXT NOT NULL,
	PRIMARY KEY (company_id, ref, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'acquit: append_only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'acquit: append_only'); END;
