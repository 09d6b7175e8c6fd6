/*
 * What tests of a product's background tasks share: the engine with our own workflows and that product's operations,
 * and words to have what is due done, by the test's own thread.  Times stand still until
 * they are moved.  No part of the server.
 */
#ifndef CS_FLOW_TASKS_FIXTURE_H
#define CS_FLOW_TASKS_FIXTURE_H

#include "flow/flow.h"

struct audit;
struct dead_letters;
struct embedded;
struct env;
struct id_maker;
struct outbox;
struct router;
struct store;
struct tasks_fixture;

struct tasks_fixture_options {
	struct store *store;
	const struct env *env;
	struct id_maker *ids;
	struct audit *audit;
	struct outbox *outbox;
	struct flow_part part;
	const struct embedded *files; /* workflows to a NULL name; NULL: those of the server */
};
struct tasks_fixture *tasks_fixture_open(const struct tasks_fixture_options *options);
void tasks_fixture_close(struct tasks_fixture *f); /* NULL is fine; while the store is open */
void tasks_fixture_add(struct tasks_fixture *f, struct router *router, struct dead_letters *letters);

/* In an op of its own: start a task. */
void tasks_fixture_start(struct tasks_fixture *f, const struct flow_start *start);

/* What the server does about once a second: what is over goes, and so on. */
void tasks_fixture_chores(struct tasks_fixture *f);

/* Its next turn may come. */
void tasks_fixture_wake(struct tasks_fixture *f, const char *task_id);

/* One turn or one call.  False: nothing is due, and nothing under way. */
bool tasks_fixture_step(struct tasks_fixture *f);

/* All of them. */
void tasks_fixture_work(struct tasks_fixture *f);

#endif
