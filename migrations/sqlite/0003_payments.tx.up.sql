-- The hash of a token is looked up before anybody knows the company: it is unique in the whole installation.
CREATE TABLE pay_links (
	company_id    TEXT NOT NULL,
	document_id   TEXT NOT NULL,
	document_kind TEXT NOT NULL,
	quote_id      TEXT NOT NULL,
	customer_id   TEXT NOT NULL,
	hash          TEXT NOT NULL,
	sealed        BLOB NOT NULL,
	revoked       INTEGER NOT NULL,
	attempt_id    TEXT NOT NULL,
	created_at    INTEGER NOT NULL,
	version       INTEGER NOT NULL,
	PRIMARY KEY (company_id, document_id),
	CONSTRAINT pay_links_hash UNIQUE (hash)
) STRICT;

CREATE TABLE attempts (
	company_id    TEXT NOT NULL,
	id            TEXT NOT NULL,
	connection_id TEXT NOT NULL,
	document_kind TEXT NOT NULL,
	document_id   TEXT NOT NULL,
	customer_id   TEXT NOT NULL,
	amount        INTEGER NOT NULL,
	currency      TEXT NOT NULL,
	state         TEXT NOT NULL,
	reason        TEXT NOT NULL,
	session_id    TEXT NOT NULL,
	url           TEXT NOT NULL,
	expires_at    INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL,
	version       INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX attempts_document ON attempts (company_id, document_id, id);
CREATE INDEX attempts_session ON attempts (company_id, connection_id, session_id) WHERE session_id <> '';
CREATE INDEX attempts_open ON attempts (company_id, connection_id, id) WHERE state IN ('created', 'opened', 'pending');
-- One payment in progress for each document.
CREATE UNIQUE INDEX attempts_one_in_progress ON attempts (company_id, document_id) WHERE state IN ('created', 'opened', 'pending');

-- The e-mail rule: no online payment of a customer without an address. One that began before the address went is let end.
CREATE TRIGGER attempts_checked BEFORE INSERT ON attempts
	WHEN NEW.state = 'created' AND EXISTS (SELECT 1 FROM customers AS c WHERE c.company_id = NEW.company_id AND c.id = NEW.customer_id AND c.email = '')
BEGIN
	SELECT RAISE(ABORT, 'acquit: email_missing');
END;

-- to_do: somebody must look; postable: OK on all posts it; unmatched: waits for its document. The program derives them.
CREATE TABLE arrivals (
	company_id    TEXT NOT NULL,
	id            TEXT NOT NULL,
	connection_id TEXT NOT NULL,
	kind          TEXT NOT NULL,
	external_id   TEXT NOT NULL,
	mode          TEXT NOT NULL,
	gateway_state TEXT NOT NULL,
	reason        TEXT NOT NULL,
	gross         INTEGER NOT NULL,
	currency      TEXT NOT NULL,
	fee_state     TEXT NOT NULL,
	fee           INTEGER NOT NULL,
	fee_currency  TEXT NOT NULL,
	fee_vat       INTEGER NOT NULL,
	fee_vat_currency TEXT NOT NULL,
	session_id    TEXT NOT NULL,
	reference     TEXT NOT NULL,
	related_id    TEXT NOT NULL,
	payout_id     TEXT NOT NULL,
	method        TEXT NOT NULL,
	payer_name    TEXT NOT NULL,
	payer_email   TEXT NOT NULL,
	payer_key     TEXT NOT NULL,
	description   TEXT NOT NULL,
	occurred_at   INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL,
	state         TEXT NOT NULL,
	flags         TEXT NOT NULL,
	attempt_id    TEXT NOT NULL,
	document_kind TEXT NOT NULL,
	document_id   TEXT NOT NULL,
	customer_id   TEXT NOT NULL,
	by_hand       INTEGER NOT NULL,
	sightings     TEXT NOT NULL,
	entry_seq     INTEGER NOT NULL,
	fee_entry_seq INTEGER NOT NULL,
	fee_posted    INTEGER NOT NULL,
	receipt_id    TEXT NOT NULL,
	applied       INTEGER NOT NULL,
	integrated_at INTEGER NOT NULL,
	integrated_by TEXT NOT NULL,
	dismissed_by  TEXT NOT NULL,
	dismissal     TEXT NOT NULL,
	first_seen    INTEGER NOT NULL,
	version       INTEGER NOT NULL,
	to_do         INTEGER NOT NULL,
	postable      INTEGER NOT NULL,
	unmatched     INTEGER NOT NULL,
	PRIMARY KEY (company_id, id),
	CONSTRAINT arrivals_once UNIQUE (company_id, connection_id, kind, external_id)
) STRICT;
CREATE INDEX arrivals_by_date ON arrivals (company_id, occurred_at, id);
CREATE INDEX arrivals_to_do ON arrivals (company_id, occurred_at, id) WHERE to_do;
CREATE INDEX arrivals_postable ON arrivals (company_id, occurred_at, id) WHERE postable;
CREATE INDEX arrivals_unmatched ON arrivals (company_id, occurred_at, id) WHERE unmatched;
CREATE INDEX arrivals_fee_awaited ON arrivals (company_id, occurred_at) WHERE state = 'integrated' AND fee_state = 'unknown';
CREATE INDEX arrivals_document ON arrivals (company_id, document_id) WHERE document_id <> '';
CREATE INDEX arrivals_customer ON arrivals (company_id, customer_id, occurred_at) WHERE customer_id <> '';
CREATE INDEX arrivals_external ON arrivals (company_id, external_id);

CREATE TABLE deliveries (
	company_id    TEXT NOT NULL,
	id            TEXT NOT NULL,
	connection_id TEXT NOT NULL,
	event_id      TEXT NOT NULL,
	type          TEXT NOT NULL,
	session_ids   TEXT NOT NULL,
	payment_ids   TEXT NOT NULL,
	state         TEXT NOT NULL,
	tries         INTEGER NOT NULL,
	seen          INTEGER NOT NULL,
	next_try      INTEGER NOT NULL,
	received_at   INTEGER NOT NULL,
	version       INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (next_try) WHERE state IN ('stored', 'orphan');
CREATE INDEX deliveries_orphans ON deliveries (company_id) WHERE state = 'orphan';

CREATE TABLE feeds (
	company_id    TEXT NOT NULL,
	connection_id TEXT NOT NULL,
	cursor        TEXT NOT NULL,
	last_exchange INTEGER NOT NULL,
	last_error    TEXT NOT NULL,
	next_poll     INTEGER NOT NULL,
	failures      INTEGER NOT NULL,
	quarantined   TEXT NOT NULL,
	PRIMARY KEY (company_id, connection_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
	company_id    TEXT NOT NULL,
	id            TEXT NOT NULL,
	customer_id   TEXT NOT NULL,
	date          INTEGER NOT NULL,
	amount        INTEGER NOT NULL,
	currency      TEXT NOT NULL,
	method_id     TEXT NOT NULL,
	arrival_id    TEXT NOT NULL,
	connection_id TEXT NOT NULL,
	reference     TEXT NOT NULL,
	reference_key TEXT NOT NULL,
	excess        INTEGER NOT NULL,
	entry_seq     INTEGER NOT NULL,
	reversed_seq  INTEGER NOT NULL,
	refunded      INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	created_by    TEXT NOT NULL,
	version       INTEGER NOT NULL,
	online        INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX receipts_by_date ON receipts (company_id, date, id, online);
CREATE INDEX receipts_customer ON receipts (company_id, customer_id, date);
CREATE INDEX receipts_reference ON receipts (company_id, reference_key) WHERE reference_key <> '';

CREATE TABLE receipt_allocations (
	company_id    TEXT NOT NULL,
	receipt_id    TEXT NOT NULL,
	n             INTEGER NOT NULL,
	document_kind TEXT NOT NULL,
	document_id   TEXT NOT NULL,
	number        TEXT NOT NULL,
	amount        INTEGER NOT NULL,
	PRIMARY KEY (company_id, receipt_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_allocations_document ON receipt_allocations (company_id, document_id, receipt_id);
CREATE INDEX receipt_allocations_number ON receipt_allocations (company_id, number);

CREATE TABLE mails (
	company_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	template   TEXT NOT NULL,
	ref        TEXT NOT NULL,
	recipient  TEXT NOT NULL,
	to_name    TEXT NOT NULL,
	language   TEXT NOT NULL,
	subject    TEXT NOT NULL,
	state      TEXT NOT NULL,
	tries      INTEGER NOT NULL,
	next_try   INTEGER NOT NULL,
	problem    TEXT NOT NULL,
	detail     TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	sent_at    INTEGER NOT NULL,
	version    INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX mails_by_date ON mails (company_id, created_at, id);
CREATE INDEX mails_ref ON mails (company_id, ref, created_at, id);
CREATE INDEX mails_due ON mails (next_try) WHERE state IN ('queued', 'sending');
CREATE INDEX mails_failed ON mails (company_id, created_at, id) WHERE state = 'failed';
