DROP TABLE sessions;
DROP TABLE tokens;
DROP TABLE members;
DROP TABLE users;
