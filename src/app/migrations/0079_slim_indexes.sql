-- What is null in most rows is not looked for by null: a signal that was refused pays for no index of accepted ones.

DROP INDEX signals_by_request;
CREATE INDEX signals_by_request ON signals (request_id) WHERE request_id IS NOT NULL;

DROP INDEX signals_by_acceptance;
CREATE INDEX signals_by_acceptance ON signals (trading_account_id, accepted_at) WHERE accepted_at IS NOT NULL;

DROP INDEX audit_personal_by_user;
CREATE INDEX audit_personal_by_user ON audit_personal (user_id) WHERE user_id IS NOT NULL;
