/*
 * A schedule as its routes tell it, and the one that a path names.  Private to src/flow.
 * Thread: any.
 */
#ifndef CS_FLOW_SCHEDULE_VIEW_H
#define CS_FLOW_SCHEDULE_VIEW_H

#include <stdbool.h>

#include "http/etag.h"

struct db;
struct err;
struct exchange;
struct jw;
struct schedule_record;

void schedule_etag(const struct schedule_record *record, char etag[ETAG_TEXT]);
extern const struct field_table schedule_view_table; /* for the document */
void schedule_write(struct jw *jw, const struct schedule_record *record);
void schedule_reply(struct exchange *x, int status, const struct schedule_record *record); /* with its ETag */

/* The schedule that the path names, if it is the caller's; else ERR_NOT_FOUND.  Texts are the exchange's. */
bool schedule_named(struct exchange *x, struct db *db, struct schedule_record *record, struct err *err);

#endif
