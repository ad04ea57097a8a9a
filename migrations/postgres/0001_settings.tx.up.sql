-- Identifiers and everything that is sorted or looked up is compared byte by byte (collation C): the order is that of
-- SQLite, does not change with the operating system's library, and is the cheapest to compare.

CREATE TABLE companies (
	id          text COLLATE "C" PRIMARY KEY,
	name        text NOT NULL,
	settings    text NOT NULL,
	test_books  boolean NOT NULL,
	logo        bytea NOT NULL,
	mail_sealed bytea NOT NULL
);

-- The pen of each company: a transaction that writes into the books locks this row first and moves the head of the chain
-- on. It stands apart from the settings so that what every transaction rewrites is short, with room on its page for the
-- next version. closed_until repeats the setting for the rule on dates of entries.
CREATE TABLE pens (
	company_id    text COLLATE "C" PRIMARY KEY REFERENCES companies,
	setup_version bigint NOT NULL,
	closed_until  integer NOT NULL,
	chain_seq     bigint NOT NULL,
	chain_hash    bytea NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE accounts (
	company_id text COLLATE "C" NOT NULL,
	code       text COLLATE "C" NOT NULL,
	label      text NOT NULL,
	collective boolean NOT NULL,
	active     boolean NOT NULL,
	PRIMARY KEY (company_id, code)
);

CREATE TABLE journals (
	company_id text COLLATE "C" NOT NULL,
	code       text COLLATE "C" NOT NULL,
	label      text NOT NULL,
	type       text NOT NULL,
	active     boolean NOT NULL,
	PRIMARY KEY (company_id, code)
);

CREATE TABLE fiscal_years (
	company_id text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	starts     integer NOT NULL,
	ends       integer NOT NULL,
	closed     boolean NOT NULL,
	PRIMARY KEY (company_id, id)
);

CREATE TABLE vat_codes (
	company_id text COLLATE "C" NOT NULL,
	code       text COLLATE "C" NOT NULL,
	label      text NOT NULL,
	rate       text NOT NULL,
	category   text NOT NULL,
	nature     text NOT NULL,
	revenue    text NOT NULL,
	account    text NOT NULL,
	mention    text NOT NULL,
	active     boolean NOT NULL,
	PRIMARY KEY (company_id, code)
);

CREATE TABLE payment_methods (
	company_id text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	code       text COLLATE "C" NOT NULL,
	label      text NOT NULL,
	kind       text NOT NULL,
	online     boolean NOT NULL,
	journal    text NOT NULL,
	account    text NOT NULL,
	active     boolean NOT NULL,
	version    bigint NOT NULL,
	PRIMARY KEY (company_id, id),
	CONSTRAINT payment_methods_code UNIQUE (company_id, code)
);

CREATE TABLE connections (
	company_id          text COLLATE "C" NOT NULL,
	id                  text COLLATE "C" NOT NULL,
	gateway             text NOT NULL,
	label               text NOT NULL,
	mode                text NOT NULL,
	account_id          text NOT NULL,
	account             text NOT NULL,
	public              text NOT NULL,
	sealed              bytea NOT NULL,
	journal             text NOT NULL,
	gateway_account     text NOT NULL,
	commission_account  text NOT NULL,
	bank_journal        text NOT NULL,
	bank_account        text NOT NULL,
	dispute_fee_account text NOT NULL,
	fee_vat             text NOT NULL,
	fee_vat_rate        text NOT NULL,
	switched_on         boolean NOT NULL,
	status              text NOT NULL,
	problem             text NOT NULL,
	detail              text NOT NULL,
	version             bigint NOT NULL,
	PRIMARY KEY (company_id, id)
);

-- Counters without gaps: legal numbers of documents and entries, matching codes, customer codes.
CREATE TABLE sequences (
	company_id text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	last       bigint NOT NULL,
	date       integer NOT NULL,
	PRIMARY KEY (company_id, id)
) WITH (fillfactor = 50);

CREATE TABLE idempotency_keys (
	company_id  text COLLATE "C" NOT NULL,
	id          text COLLATE "C" NOT NULL,
	fingerprint text NOT NULL,
	resource    text NOT NULL,
	at          bigint NOT NULL,
	PRIMARY KEY (company_id, id)
);

-- Who did what, by the record it was done to. History is only added to.
CREATE TABLE events (
	company_id text COLLATE "C" NOT NULL,
	ref        text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	at         bigint NOT NULL,
	actor      text NOT NULL,
	action     text NOT NULL,
	detail     text NOT NULL,
	PRIMARY KEY (company_id, ref, id)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'acquit: % is only added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
