/*
 * Steps that wait for people's decisions: countersignatures of kind `step` [flow.md 2.7, platform.md P-6.6].
 *
 * The step's content is sealed as it is; its request is opened in the commit of the step's intent, decided by the one
 * code path of seal/countersign.h, and what was decided is kept for the run in the transaction that decides.
 * Threads: what takes a `db` runs in an op, on the writer's thread; the rest any.
 */
#ifndef CS_FLOW_PERSONS_H
#define CS_FLOW_PERSONS_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct ask_person;
struct countersign;
struct db;
struct env;
struct err;
struct outbox;
struct packs;
struct persons;
struct runner;

struct persons_options {
	struct countersign *countersign;
	struct outbox *outbox; /* its rows wake the runs that were decided */
	const struct packs *packs;
	const struct env *env;
	const char *version, *git_sha; /* of the program, for seals */
};

/* Listens for decisions of kind `step`: one for a countersign.  Before the server serves. */
struct persons *persons_new(const struct persons_options *options);
/* After store_close(), or when nothing is written any more.  NULL is fine. */
void persons_free(struct persons *persons);

/* Whom to tell of decisions; NULL: nobody any more. */
void persons_serve(struct persons *persons, struct runner *runner);

struct persons_ask {
	const char *run_id, *account_id, *author_id; /* author NULL: nobody in particular */
	const char *path, *reference;
	uint32_t attempt;
	const struct ask_person *person;
};
bool persons_open(struct persons *persons, struct db *db, const struct persons_ask *ask, struct err *err);

/* The seal of a step's content [P-6.4]; its canonical text goes to `text` unless that is NULL. */
struct buf;
struct json;
void persons_seal(const struct json *content, struct buf *text, char sha256[65]);

/* The step has ended, whatever way: an open request is withdrawn. */
bool persons_close(struct persons *persons, struct db *db, const char *run_id, const char *account_id, const char *path,
				   int64_t attempt, struct err *err);

/* A step's request. */
struct persons_request {
	const char *request_id, *path, *seal_sha256;
	bool open;
};

/* The newest request of a run, of the step at `path` where that is not NULL, open ones first. */
bool persons_find(struct db *db, const char *run_id, const char *path, struct arena *arena,
				  struct persons_request *request, bool *found, struct err *err);

#endif
