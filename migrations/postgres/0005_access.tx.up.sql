-- Users belong to the installation, not to a company; email_key is the address in lower case.
CREATE TABLE users (
	id            text COLLATE "C" PRIMARY KEY,
	email         text NOT NULL,
	email_key     text COLLATE "C" NOT NULL,
	name          text NOT NULL,
	password_hash text NOT NULL,
	language      text NOT NULL,
	active        boolean NOT NULL,
	created_at    bigint NOT NULL,
	version       bigint NOT NULL,
	CONSTRAINT users_email UNIQUE (email_key)
);

CREATE TABLE members (
	company_id text COLLATE "C" NOT NULL REFERENCES companies,
	user_id    text COLLATE "C" NOT NULL REFERENCES users,
	role       text NOT NULL,
	PRIMARY KEY (company_id, user_id)
);
CREATE INDEX members_user ON members (user_id);

CREATE TABLE tokens (
	company_id text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	name       text NOT NULL,
	hash       text COLLATE "C" NOT NULL,
	role       text NOT NULL,
	created_by text NOT NULL,
	created_at bigint NOT NULL,
	last_used  bigint NOT NULL,
	revoked    boolean NOT NULL,
	PRIMARY KEY (company_id, id),
	CONSTRAINT tokens_id UNIQUE (id),
	CONSTRAINT tokens_hash UNIQUE (hash)
);

CREATE TABLE sessions (
	key        text COLLATE "C" PRIMARY KEY,
	value      bytea NOT NULL,
	expires_at bigint NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at) WHERE expires_at <> 0;
