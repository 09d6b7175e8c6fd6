/*
 * Every action that the audit chain records [P-7.2]: X(enum name, action, kind of its target, meta fields allowed).
 * A field is written M(name) with a name of audit_meta.h; account_id is always allowed.  No guard.
 */
X(AUDIT_SERVER_START, "server.start", "server", M(version) | M(schema_version))
X(AUDIT_SERVER_STOP, "server.stop", "server", M(version))
X(AUDIT_LOCAL_COMMAND, "local.command", "server", M(command))
X(AUDIT_ACCOUNT_CREATE, "account.create", "account", 0)
X(AUDIT_USER_CREATE, "user.create", "user", M(roles))
X(AUDIT_LOGIN, "auth.login", "user", M(reason) | M(email_sha256))
X(AUDIT_REFRESH_REUSE, "auth.refresh_reuse", "session", 0)
X(AUDIT_LOGOUT, "auth.logout", "session", 0)
X(AUDIT_DENIED, "auth.denied", "route", M(route) | M(code))
X(AUDIT_SEAL_CREATE, "seal.create", "seal", M(operation) | M(seal_sha256))
X(AUDIT_SEAL_REPLAY, "seal.replay", "seal", M(operation) | M(code))
X(AUDIT_EXPORT, "audit.export", "audit", 0)
X(AUDIT_CHECKPOINT, "audit.checkpoint", "audit", M(sha256))
