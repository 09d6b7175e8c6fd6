/*
 * A checkpoint as its users see it, and what its handlers share.  Private to src/flow.  Thread: any.
 */
#ifndef CS_FLOW_CHECKPOINT_VIEW_H
#define CS_FLOW_CHECKPOINT_VIEW_H

#include <stdbool.h>

#include "seal/audit.h"

struct arena;
struct checkpoint_record;
struct db;
struct err;
struct exchange;
struct jw;
struct run_record;

/* What both hold, and a list of them, for the document. */
extern const struct field_table checkpoint_view_table, checkpoint_list_table;

/* `state`: what the run held, JSON text; NULL: it is left out.  v3: with the names of version 3. */
void checkpoint_view_write(struct jw *jw, const struct checkpoint_record *record, bool v3, const char *state,
						   struct arena *arena);
void checkpoint_view_reply(struct exchange *x, int status, const struct checkpoint_record *record, const char *state);

/* The caller's run, or checkpoint, of that id.  False: answered. */
bool checkpoint_run(struct exchange *x, const char *run_id, struct run_record *record);
bool checkpoint_named(struct exchange *x, const char *checkpoint_id, struct checkpoint_record *record);

/* In the op. */
bool checkpoint_audit(struct exchange *x, struct db *db, enum audit_action action, const char *checkpoint_id,
					  const char *reason, struct err *err);

#endif
