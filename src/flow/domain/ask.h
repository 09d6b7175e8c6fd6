/*
 * What a step asks of a worker or of people, read from its evaluated request [flow.md 2.7].
 *
 * The same reading is done before the intent is written (a request that nobody could carry out is the step's error)
 * and when it is handed on.  Thread: any.  Members point into the JSON.
 */
#ifndef CS_FLOW_DOMAIN_ASK_H
#define CS_FLOW_DOMAIN_ASK_H

#include <stdbool.h>
#include <stdint.h>

struct ir_task;
struct json;
struct trouble;

enum {
	ASK_LEASE_MIN_MS = 1000,
	ASK_LEASE_MS = 60000, /* where nobody says how long */
	ASK_LEASE_MAX_MS = 3600000,
	ASK_QUEUE_MAX = 255,   /* bytes of a queue's name */
	ASK_QUORUM_MAX = 5,    /* people who can be asked for */
	ASK_USERS_MAX = 100,   /* who can be named */
	ASK_EXPIRES_DAYS = 365 /* of a request that names no end */
};

struct ask_work {
	const char *queue;
	const struct json *payload; /* NULL: null */
	int64_t lease_ms;
};

struct ask_person {
	const struct json *content, *who;
	const char *title;
	int64_t quorum, expires_ms, consent_version; /* consent_version 0: the one in force */
	bool four_eyes, go_on;                       /* go_on: a reject is an output */
};

/* Has somebody outside of this process to carry the task out? */
bool ask_is_for_others(const struct ir_task *task);
bool ask_is_work(const struct ir_task *task);
bool ask_is_person(const struct ir_task *task);

/* False sets *trouble (may be NULL): it cannot be asked so. */
bool ask_read_work(const struct json *request, struct ask_work *work, struct trouble *trouble);
bool ask_read_person(const struct json *request, struct ask_person *person, struct trouble *trouble);

/* Either, by the task; true for tasks that ask nobody. */
bool ask_check(const struct ir_task *task, const struct json *request, struct trouble *trouble);

#endif
