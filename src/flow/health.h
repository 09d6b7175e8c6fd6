/*
 * Agents' health [flow.md 9]: heartbeats are heard, silence is noticed, what goes wrong becomes an incident, once.
 *
 * Everything here runs inside an op, on the writer's thread, in the transaction of the caller: the agent's row, its
 * incidents, their rows of the audit chain and their events (topic "health") stand or fall together.  A heartbeat that
 * changes no status writes no audit row.  An agent that works for runs claims its tasks as the worker of its own id:
 * when it is found dead, or told to recover, its leases end with it.  Texts of rows are the arena's.
 */
#ifndef CS_FLOW_HEALTH_H
#define CS_FLOW_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/health_repo.h"
#include "seal/audit.h"

struct arena;
struct db;
struct err;
struct id_maker;
struct outbox;

struct health_desk {
	struct id_maker *ids;
	struct outbox *outbox; /* NULL: nobody is told */
	const struct audit *audit;
};

/* On whose behalf: the actor's part of audit rows.  Zeroed but for account_id: the server itself. */
struct health_actor {
	struct audit_event event;
};

/*
 * A heartbeat: `row` has the ids and figures, and gets the state that follows.  A score that becomes critical opens an
 * incident `high`, unless one of that kind is open.
 */
bool health_hear(const struct health_desk *desk, struct db *db, const struct health_actor *actor, struct agent_row *row,
				 int64_t now_us, struct arena *arena, struct err *err);

/*
 * Fail the agents (of one account, or NULL: of all) that were silent for longer than the threshold, at most `room`:
 * score 0, an incident `critical` "Agent heartbeat lost", their leases end.
 */
bool health_fail_silent(const struct health_desk *desk, struct db *db, const struct health_actor *actor,
						const char *account_id, int64_t threshold_us, int64_t now_us, size_t room, struct arena *arena,
						struct agent_row *rows, size_t *count, struct err *err);

/* Tell it to recover: its leases end, an attempt counts.  ERR_TRANSITION_REFUSED as health_may_recover() has it. */
bool health_tell_recover(const struct health_desk *desk, struct db *db, const struct health_actor *actor,
						 struct agent_row *row, int64_t now_us, struct err *err);

/* Open an incident; its id and times are set.  One of a cause that is known is not opened again: *fresh false. */
bool incident_raise(const struct health_desk *desk, struct db *db, const struct health_actor *actor,
					struct incident_row *row, int64_t now_us, struct arena *arena, bool *fresh, struct err *err);

/* Move an incident on.  ERR_TRANSITION_REFUSED as incident_may_become() has it. */
bool incident_move(const struct health_desk *desk, struct db *db, const struct health_actor *actor,
				   struct incident_row *row, enum incident_status to, const char *resolution, int64_t now_us,
				   struct err *err);

#endif
