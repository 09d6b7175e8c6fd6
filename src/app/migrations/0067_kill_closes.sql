-- A kill that closes positions closes also what is filled after it [trade.md 6].

ALTER TABLE trading_states ADD COLUMN closes BIGINT NOT NULL DEFAULT 0;
