#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "seal/audit.h"
#include "seal/audit_walk.h"
#include "store/store.h"

/* One verification of a store's chain: stops at the first bad row and keeps it in the report. */
struct verification {
	struct db *db;
	const char *store_id;
	bool (*check)(void *self, const char *key_id, const char *statement, const char *signature);
	void *self;
	struct audit_report *report;
	struct err *err;
};

/* Every row in order of stream and seq. */
static bool verify_rows(struct verification *v)
{
	struct db_rows rows;
	struct arena arena;
	struct audit_walk walk = {.report = v->report, .store_id = v->store_id};
	if (!db_query(v->db, &rows, v->err, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY stream, seq"))
		return false;
	arena_init(&arena, ARENA_REQUEST_CAP);
	while (v->report->sound && db_next(&rows)) {
		struct chain_row row;
		arena_reset(&arena);
		audit_take(&rows, &arena, &row);
		audit_walk_row(&walk, &row);
	}
	arena_fini(&arena);
	audit_walk_end(&walk);
	return db_end(&rows, v->err);
}

/* A checkpoint says what a row's hash was; its statement must say the same and be signed. */
static void verify_checkpoint(struct verification *v, const struct db_rows *rows)
{
	const struct chain_checkpoint checkpoint = {
		.store_id = v->store_id,
		.stream = db_text(rows, 0),
		.seq = db_int(rows, 1),
		.at_us = db_int(rows, 2),
		.hash = db_text(rows, 3),
		.key_id = db_text(rows, 4),
	};
	const char *found = db_text(rows, 7);
	char genesis[CHAIN_HASH];
	chain_genesis(v->store_id, checkpoint.stream, genesis);
	struct buf statement;
	buf_init(&statement, 0);
	chain_checkpoint_write(&statement, &checkpoint);
	const char *reason = NULL;
	if (checkpoint.seq == 0 ? strcmp(checkpoint.hash, genesis) != 0 : found == NULL)
		reason = "a checkpoint knows a row that is not there";
	else if (found != NULL && strcmp(found, checkpoint.hash) != 0)
		reason = "a checkpoint knows another hash of it";
	else if (strcmp(buf_text(&statement), db_text(rows, 5)) != 0)
		reason = "its checkpoint's statement says something else";
	else if (v->check != NULL && !v->check(v->self, checkpoint.key_id, db_text(rows, 5), db_text(rows, 6)))
		reason = "its checkpoint's signature is wrong";
	if (reason != NULL)
		audit_blame(v->report, checkpoint.stream, checkpoint.seq, reason);
	else
		v->report->checkpoints++;
	buf_fini(&statement);
}

static bool verify_checkpoints(struct verification *v)
{
	struct db_rows rows;
	if (!db_query(
			v->db, &rows, v->err,
			"SELECT c.stream, c.seq, c.at, c.hash, c.key_id, c.statement, c.signature, a.hash FROM audit_checkpoints c "
			"LEFT JOIN audit a ON a.stream = c.stream AND a.seq = c.seq ORDER BY c.stream, c.seq, c.at"))
		return false;
	while (v->report->sound && db_next(&rows))
		verify_checkpoint(v, &rows);
	return db_end(&rows, v->err);
}

bool audit_verify(struct db *db, const char *store_id,
				  bool (*check)(void *self, const char *key_id, const char *statement, const char *signature),
				  void *self, struct audit_report *report, struct err *err)
{
	*report = (struct audit_report){.sound = true};
	struct verification v = {
		.db = db, .store_id = store_id, .check = check, .self = self, .report = report, .err = err};
	return verify_rows(&v) && verify_checkpoints(&v);
}

/* --- personal values --- */

/* A row's value and its commitment, under either key: `of_person` NULL when there is no such person. */
static bool committed(const char *value, const char *commitment, const unsigned char *key, const void *of_person)
{
	char expected[CHAIN_COMMITMENT];
	if (value == NULL)
		return true;
	if (commitment == NULL)
		return false;
	chain_commit(key, AUDIT_KEY, value, expected);
	if (strcmp(commitment, expected) == 0)
		return true;
	if (of_person == NULL)
		return false;
	chain_commit(of_person, AUDIT_KEY, value, expected);
	return strcmp(commitment, expected) == 0;
}

/* Columns: stream, seq, clear ip and user agent, their commitments, the row's hash, the person's key. */
static const char *personal_fault(const struct db_rows *row, const unsigned char *key)
{
	size_t size = 0;
	const void *of_person = db_blob(row, 7, &size);
	if (size != AUDIT_KEY)
		of_person = NULL;
	if (db_text(row, 6) == NULL)
		return "a personal value of a row that is not there";
	if (!committed(db_text(row, 2), db_text(row, 4), key, of_person))
		return "its address is not the one that the row commits to";
	if (!committed(db_text(row, 3), db_text(row, 5), key, of_person))
		return "its user agent is not the one that the row commits to";
	return NULL;
}

bool audit_verify_personal(struct db *db, const unsigned char key[AUDIT_KEY], struct audit_report *report,
						   struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT p.stream, p.seq, p.ip, p.user_agent, a.ip, a.user_agent, a.hash, u.erasure_key "
				  "FROM audit_personal p LEFT JOIN audit a ON a.stream = p.stream AND a.seq = p.seq "
				  "LEFT JOIN users u ON u.user_id = p.user_id ORDER BY p.stream, p.seq"))
		return false;
	while (report->sound && db_next(&rows)) {
		const char *reason = personal_fault(&rows, key);
		if (reason != NULL)
			audit_blame(report, db_text(&rows, 0), db_int(&rows, 1), reason);
	}
	return db_end(&rows, err);
}
