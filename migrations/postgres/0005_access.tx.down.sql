DROP TABLE sessions, tokens, members, users;
