-- Producers that only call a URL [trade.md 2.4]: `secret` holds the SHA-256 of the token in its path.

CREATE INDEX producers_by_token ON producers (secret) WHERE kind = 'url_token';
CREATE INDEX producers_by_old_token ON producers (old_secret) WHERE kind = 'url_token';
