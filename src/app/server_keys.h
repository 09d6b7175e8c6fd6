/*
 * Rotation of the server's own keys, as a route and as a command do it.
 */
#ifndef CS_APP_SERVER_KEYS_H
#define CS_APP_SERVER_KEYS_H

#include <stdbool.h>

#include "app/keys.h"
#include "seal/audit.h"

struct jw;

/*
 * Rotate one key: the audit row `event` (its key_id is filled in) first, then the files, then the keys in use.  Writes
 * members of an object: name, key_id, retired_key_id, retired_until (null: it verifies for ever).  ERR_CONFLICT:
 * another rotation is under way.  Waits for a commit: any thread but the writer's and the loops'.
 */
bool server_keys_rotate(struct app *app, enum app_key which, struct audit_event event, struct jw *jw, struct err *err);

#endif
