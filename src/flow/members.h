/*
 * Members that answers of flow share: times, and JSON that was kept as text.  Thread: any.
 */
#ifndef CS_FLOW_MEMBERS_H
#define CS_FLOW_MEMBERS_H

#include <stdint.h>

struct arena;
struct jw;

/* A time in RFC 3339; 0: null. */
void members_time(struct jw *jw, const char *name, int64_t us);

/* The same as text in the arena; NULL for 0 and when that is full. */
const char *members_time_text(struct arena *arena, int64_t us);

/* JSON text as it is; NULL: null. */
void members_json(struct jw *jw, const char *name, const char *json);

#endif
