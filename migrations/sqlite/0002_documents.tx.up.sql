-- name_key is the name as it is sorted and searched: lower case, without accents, made by the program so that every
-- engine agrees on the order.
CREATE TABLE customers (
	company_id          TEXT NOT NULL,
	id                  TEXT NOT NULL,
	code                TEXT NOT NULL,
	name                TEXT NOT NULL,
	name_key            TEXT NOT NULL,
	kind                TEXT NOT NULL,
	email               TEXT NOT NULL,
	phone               TEXT NOT NULL,
	siren               TEXT NOT NULL,
	vat_number          TEXT NOT NULL,
	street              TEXT NOT NULL,
	extra               TEXT NOT NULL,
	postal_code         TEXT NOT NULL,
	city                TEXT NOT NULL,
	country             TEXT NOT NULL,
	deliver_street      TEXT NOT NULL,
	deliver_extra       TEXT NOT NULL,
	deliver_postal_code TEXT NOT NULL,
	deliver_city        TEXT NOT NULL,
	deliver_country     TEXT NOT NULL,
	language            TEXT NOT NULL,
	method_id           TEXT NOT NULL,
	note                TEXT NOT NULL,
	active              INTEGER NOT NULL,
	credit_minor        INTEGER NOT NULL,
	credit_currency     TEXT NOT NULL,
	created_at          INTEGER NOT NULL,
	updated_at          INTEGER NOT NULL,
	updated_by          TEXT NOT NULL,
	version             INTEGER NOT NULL,
	PRIMARY KEY (company_id, id),
	CONSTRAINT customers_code UNIQUE (company_id, code)
) STRICT;
CREATE INDEX customers_name ON customers (company_id, name_key, id);

-- The words a customer is searched by, so that the beginning of any of them finds the customer on every engine.
CREATE TABLE customer_words (
	company_id  TEXT NOT NULL,
	word        TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	PRIMARY KEY (company_id, word, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_words_customer ON customer_words (company_id, customer_id);

CREATE TABLE quotes (
	company_id    TEXT NOT NULL,
	id            TEXT NOT NULL,
	number        TEXT NOT NULL,
	number_key    TEXT NOT NULL,
	state         TEXT NOT NULL,
	customer_id   TEXT NOT NULL,
	date          INTEGER NOT NULL,
	valid_until   INTEGER NOT NULL,
	currency      TEXT NOT NULL,
	language      TEXT NOT NULL,
	reference     TEXT NOT NULL,
	reference_key TEXT NOT NULL,
	note          TEXT NOT NULL,
	lines         TEXT NOT NULL,
	net           INTEGER NOT NULL,
	vat           INTEGER NOT NULL,
	gross         INTEGER NOT NULL,
	vat_rows      TEXT NOT NULL,
	invoice_id    TEXT NOT NULL,
	sent_at       INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL,
	updated_by    TEXT NOT NULL,
	version       INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX quotes_date ON quotes (company_id, date, id);
CREATE INDEX quotes_by_number ON quotes (company_id, number_key, id);
CREATE INDEX quotes_amount ON quotes (company_id, gross, id);
CREATE INDEX quotes_customer ON quotes (company_id, customer_id, date);
CREATE UNIQUE INDEX quotes_number ON quotes (company_id, number) WHERE number <> '';
CREATE INDEX quotes_reference ON quotes (company_id, reference_key) WHERE reference_key <> '';

CREATE TABLE deposits (
	company_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	quote_id   TEXT NOT NULL,
	position   INTEGER NOT NULL,
	label      TEXT NOT NULL,
	percent    TEXT NOT NULL,
	amount     INTEGER NOT NULL,
	due_date   INTEGER NOT NULL,
	method_id  TEXT NOT NULL,
	online     INTEGER NOT NULL,
	state      TEXT NOT NULL,
	received   INTEGER NOT NULL,
	invoice_id TEXT NOT NULL,
	applied_to TEXT NOT NULL,
	PRIMARY KEY (company_id, id),
	FOREIGN KEY (company_id, quote_id) REFERENCES quotes
) STRICT, WITHOUT ROWID;
CREATE INDEX deposits_quote ON deposits (company_id, quote_id, position);
-- The deposit rule: at any time at most one deposit of a quote may be paid online.
CREATE UNIQUE INDEX deposits_one_online ON deposits (company_id, quote_id)
	WHERE online AND state NOT IN ('cancelled', 'refunded');

-- status says kind, life and settlement in one small number (see the program's list of them), so that each list of
-- invoices, however it is filtered by these three, is a merge of a few runs of one index in the order asked for. The
-- dates at the end of these indexes let a filter on them be decided in the index; what stands behind those of
-- invoices_by_date lets a month be sorted by anything without touching the invoices. number_key is the number with its
-- last digits widened, so that 100000 follows 99999.
CREATE TABLE invoices (
	company_id    TEXT NOT NULL,
	id            TEXT NOT NULL,
	kind          TEXT NOT NULL,
	life          TEXT NOT NULL,
	number        TEXT NOT NULL,
	number_key    TEXT NOT NULL,
	customer_id   TEXT NOT NULL,
	customer      TEXT NOT NULL,
	customer_name TEXT NOT NULL,
	customer_key  TEXT NOT NULL,
	date          INTEGER NOT NULL,
	supply_date   INTEGER NOT NULL,
	due_date      INTEGER NOT NULL,
	currency      TEXT NOT NULL,
	language      TEXT NOT NULL,
	reference     TEXT NOT NULL,
	reference_key TEXT NOT NULL,
	note          TEXT NOT NULL,
	method_id     TEXT NOT NULL,
	quote_id      TEXT NOT NULL,
	credit_of     TEXT NOT NULL,
	credit_of_no  TEXT NOT NULL,
	lines         TEXT NOT NULL,
	net           INTEGER NOT NULL,
	vat           INTEGER NOT NULL,
	gross         INTEGER NOT NULL,
	vat_rows      TEXT NOT NULL,
	deductions    TEXT NOT NULL,
	on_debits     INTEGER NOT NULL,
	paid          INTEGER NOT NULL,
	credited      INTEGER NOT NULL,
	dispute       INTEGER NOT NULL,
	vat_moved     TEXT NOT NULL,
	vat_credited  TEXT NOT NULL,
	entry_seq     INTEGER NOT NULL,
	issued_at     INTEGER NOT NULL,
	sent_at       INTEGER NOT NULL,
	paid_at       INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL,
	updated_by    TEXT NOT NULL,
	version       INTEGER NOT NULL,
	status        INTEGER NOT NULL,
	settlement    TEXT NOT NULL,
	balance       INTEGER NOT NULL,
	PRIMARY KEY (company_id, id)
) STRICT;
CREATE UNIQUE INDEX invoices_number ON invoices (company_id, number) WHERE number <> '';
CREATE INDEX invoices_by_date ON invoices (company_id, status, date, id, due_date, number_key, gross, balance, customer_key);
CREATE INDEX invoices_by_number ON invoices (company_id, status, number_key, id, date, due_date);
CREATE INDEX invoices_by_due_date ON invoices (company_id, status, due_date, id, date);
CREATE INDEX invoices_by_amount ON invoices (company_id, status, gross, id, date, due_date);
CREATE INDEX invoices_by_balance ON invoices (company_id, status, balance, id, date, due_date);
CREATE INDEX invoices_by_customer ON invoices (company_id, status, customer_key, id, date, due_date);
CREATE INDEX invoices_customer ON invoices (company_id, customer_id, date);
CREATE INDEX invoices_due ON invoices (company_id, customer_id, balance, due_date) WHERE balance > 0;
CREATE INDEX invoices_quote ON invoices (company_id, quote_id) WHERE quote_id <> '';
CREATE INDEX invoices_credit_of ON invoices (company_id, credit_of) WHERE credit_of <> '';
CREATE INDEX invoices_reference ON invoices (company_id, reference_key) WHERE reference_key <> '';

-- An issued invoice is frozen (art. 1031-3 PCG): what was printed never changes, and it is never deleted.
CREATE TRIGGER invoices_frozen BEFORE UPDATE ON invoices WHEN OLD.life = 'issued' AND (
	OLD.company_id, OLD.id, OLD.kind, OLD.life, OLD.number, OLD.customer_id, OLD.customer, OLD.date, OLD.supply_date, OLD.due_date,
	OLD.currency, OLD.language, OLD.reference, OLD.note, OLD.quote_id, OLD.credit_of, OLD.credit_of_no, OLD.lines, OLD.net, OLD.vat,
	OLD.gross, OLD.vat_rows, OLD.deductions, OLD.on_debits, OLD.entry_seq, OLD.issued_at, OLD.created_at)
	IS NOT (
	NEW.company_id, NEW.id, NEW.kind, NEW.life, NEW.number, NEW.customer_id, NEW.customer, NEW.date, NEW.supply_date, NEW.due_date,
	NEW.currency, NEW.language, NEW.reference, NEW.note, NEW.quote_id, NEW.credit_of, NEW.credit_of_no, NEW.lines, NEW.net, NEW.vat,
	NEW.gross, NEW.vat_rows, NEW.deductions, NEW.on_debits, NEW.entry_seq, NEW.issued_at, NEW.created_at)
BEGIN
	SELECT RAISE(ABORT, 'acquit: invoice_issued');
END;
CREATE TRIGGER invoices_kept BEFORE DELETE ON invoices WHEN OLD.life = 'issued'
BEGIN
	SELECT RAISE(ABORT, 'acquit: invoice_issued');
END;
