-- Users belong to the installation, not to a company; email_key is the address in lower case.
CREATE TABLE users (
	id            TEXT NOT NULL PRIMARY KEY,
	email         TEXT NOT NULL,
	email_key     TEXT NOT NULL,
	name          TEXT NOT NULL,
	password_hash TEXT NOT NULL,
	language      TEXT NOT NULL,
	active        INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	version       INTEGER NOT NULL,
	CONSTRAINT users_email UNIQUE (email_key)
) STRICT;

CREATE TABLE members (
	company_id TEXT NOT NULL REFERENCES companies,
	user_id    TEXT NOT NULL REFERENCES users,
	role       TEXT NOT NULL,
	PRIMARY KEY (company_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_user ON members (user_id);

CREATE TABLE tokens (
	company_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	name       TEXT NOT NULL,
	hash       TEXT NOT NULL,
	role       TEXT NOT NULL,
	created_by TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	last_used  INTEGER NOT NULL,
	revoked    INTEGER NOT NULL,
	PRIMARY KEY (company_id, id),
	CONSTRAINT tokens_id UNIQUE (id),
	CONSTRAINT tokens_hash UNIQUE (hash)
) STRICT;

CREATE TABLE sessions (
	key        TEXT NOT NULL PRIMARY KEY,
	value      BLOB NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_expiry ON sessions (expires_at) WHERE expires_at <> 0;
