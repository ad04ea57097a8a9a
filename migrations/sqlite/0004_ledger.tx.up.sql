CREATE TABLE journal_entries (
	company_id TEXT NOT NULL,
	seq        INTEGER NOT NULL,
	year       TEXT NOT NULL,
	number     INTEGER NOT NULL,
	journal    TEXT NOT NULL,
	date       INTEGER NOT NULL,
	piece      TEXT NOT NULL,
	piece_date INTEGER NOT NULL,
	label      TEXT NOT NULL,
	source     TEXT NOT NULL,
	reverses   INTEGER NOT NULL,
	posted_at  INTEGER NOT NULL,
	posted_by  TEXT NOT NULL,
	prev       BLOB NOT NULL,
	hash       BLOB NOT NULL,
	PRIMARY KEY (company_id, seq),
	CONSTRAINT journal_entries_number UNIQUE (company_id, year, number),
	CONSTRAINT journal_entries_source UNIQUE (company_id, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_entries_journal ON journal_entries (company_id, journal, seq);
CREATE INDEX journal_entries_date ON journal_entries (company_id, date, seq);
CREATE INDEX journal_entries_reverses ON journal_entries (company_id, reverses) WHERE reverses <> 0;

-- date repeats the entry's, so that the account sheets and the trial balance are read from the lines alone.
CREATE TABLE journal_lines (
	company_id       TEXT NOT NULL,
	seq              INTEGER NOT NULL,
	n                INTEGER NOT NULL,
	date             INTEGER NOT NULL,
	account          TEXT NOT NULL,
	aux              TEXT NOT NULL,
	label            TEXT NOT NULL,
	debit            INTEGER NOT NULL,
	credit           INTEGER NOT NULL,
	foreign_minor    INTEGER NOT NULL,
	foreign_currency TEXT NOT NULL,
	document         TEXT NOT NULL,
	PRIMARY KEY (company_id, seq, n),
	FOREIGN KEY (company_id, seq) REFERENCES journal_entries DEFERRABLE INITIALLY DEFERRED,
	CONSTRAINT journal_lines_one_side CHECK (debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0))
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_lines_account ON journal_lines (company_id, account, date, seq, n, debit, credit);
CREATE INDEX journal_lines_aux ON journal_lines (company_id, aux, date, seq, n) WHERE aux <> '';
CREATE INDEX journal_lines_document ON journal_lines (company_id, document) WHERE document <> '';

-- The lines of an entry come before it in the same transaction: the foreign key is checked at its end. When the entry
-- comes, its lines must be there and balance; from then on none can be added.
CREATE TRIGGER journal_lines_sealed BEFORE INSERT ON journal_lines
WHEN EXISTS (SELECT 1 FROM journal_entries WHERE company_id = NEW.company_id AND seq = NEW.seq)
BEGIN
	SELECT RAISE(ABORT, 'acquit: append_only');
END;
CREATE TRIGGER journal_entries_checked BEFORE INSERT ON journal_entries
BEGIN
	SELECT CASE
		WHEN count(*) < 2 OR max(n) <> count(*) - 1 THEN RAISE(ABORT, 'acquit: entry_too_short')
		WHEN sum(debit) <> sum(credit) THEN RAISE(ABORT, 'acquit: entry_unbalanced')
		WHEN min(date) <> NEW.date OR max(date) <> NEW.date THEN RAISE(ABORT, 'acquit: append_only')
	END FROM journal_lines WHERE company_id = NEW.company_id AND seq = NEW.seq;
	SELECT RAISE(ABORT, 'acquit: period_closed') FROM pens WHERE company_id = NEW.company_id AND closed_until >= NEW.date;
END;
CREATE TRIGGER journal_entries_no_update BEFORE UPDATE ON journal_entries BEGIN SELECT RAISE(ABORT, 'acquit: append_only'); END;
CREATE TRIGGER journal_entries_no_delete BEFORE DELETE ON journal_entries BEGIN SELECT RAISE(ABORT, 'acquit: append_only'); END;
CREATE TRIGGER journal_lines_no_update BEFORE UPDATE ON journal_lines BEGIN SELECT RAISE(ABORT, 'acquit: append_only'); END;
CREATE TRIGGER journal_lines_no_delete BEFORE DELETE ON journal_lines BEGIN SELECT RAISE(ABORT, 'acquit: append_only'); END;

-- Matching (lettrage) lies beside the lines because it may change. What was matched once stays on record, so that an
-- export can be made again as it was.
CREATE TABLE line_matches (
	company_id   TEXT NOT NULL,
	seq          INTEGER NOT NULL,
	n            INTEGER NOT NULL,
	code         TEXT NOT NULL,
	matched_at   INTEGER NOT NULL,
	dissolved_at INTEGER NOT NULL,
	PRIMARY KEY (company_id, seq, n, code)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX line_matches_one_live ON line_matches (company_id, seq, n) WHERE dissolved_at = 0;
CREATE INDEX line_matches_code ON line_matches (company_id, code);

CREATE TABLE exports (
	company_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	number     INTEGER NOT NULL,
	format     TEXT NOT NULL,
	year       TEXT NOT NULL,
	file       TEXT NOT NULL,
	at         INTEGER NOT NULL,
	made_by    TEXT NOT NULL,
	head_seq   INTEGER NOT NULL,
	head_hash  BLOB NOT NULL,
	lines      INTEGER NOT NULL,
	sha256     TEXT NOT NULL,
	names      BLOB NOT NULL,
	PRIMARY KEY (company_id, id),
	CONSTRAINT exports_number UNIQUE (company_id, number)
) STRICT;
