/*
 * The audit chain as values: how a row is hashed, how a list of rows is verified, what a checkpoint says [P-7.1, 7.4,
 * 7.5].  No store and no clock: the server, `audit verify` on a folder and `audit verify FILE` share it.
 *
 * hash = hex SHA-256 of the RFC 8785 form of the row's fourteen members; each row carries the hash before it; the first
 * of a stream carries a hash of the store's id and the stream's name, so no chain fits another store.
 * Thread: any.  Cost: about 2 us a row.
 */
#ifndef CS_SEAL_CHAIN_H
#define CS_SEAL_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct err;

enum { CHAIN_HASH = 65 }; /* 64 lower-case hex digits and a NUL */

/* One row.  Texts may be NULL (null in the hash) but for stream, action, status, meta, prev_hash and hash. */
struct chain_row {
	const char *account_id; /* not hashed itself; must equal meta.account_id */
	const char *stream;
	int64_t seq;   /* from 1, without gaps */
	int64_t at_us; /* microseconds since 1970, UTC */
	const char *actor, *role, *action, *target_kind, *target_id;
	const char *status;          /* success, failure, denied */
	const char *ip, *user_agent; /* commitments, see chain_commit */
	const char *request_id;
	const char *meta; /* an object in RFC 8785 form */
	const char *prev_hash, *hash;
};

/* The prev_hash of a stream's first row. */
void chain_genesis(const char *store_id, const char *stream, char hash[CHAIN_HASH]);

/* The hash of a row, from all members but `hash` and `account_id`. */
void chain_hash(const struct chain_row *row, char hash[CHAIN_HASH]);

/* Append the row as one line of an export: RFC 8785 of its members with `hash` and `account_id`, then a newline. */
void chain_write(struct buf *buf, const struct chain_row *row);

/* Read such a line.  Texts are the arena's.  ERR_INVALID names the member that is missing or of the wrong type. */
bool chain_read(struct arena *arena, const char *line, size_t size, struct chain_row *row, struct err *err);

/*
 * "p1:" and 32 hex digits of HMAC-SHA-256(key, value) [P-7.3]: says that a value was this one to whoever has the key,
 * and nothing once the key is gone.
 */
enum { CHAIN_COMMITMENT = 36 };
void chain_commit(const void *key, size_t key_size, const char *value, char commitment[CHAIN_COMMITMENT]);

/* A verification under way: one per stream, rows in order of seq. */
struct chain_check {
	char stream[64];
	char head[CHAIN_HASH]; /* hash of the last good row, or the genesis */
	int64_t seq;           /* of the last good row, 0 before the first */
	int64_t at_us;
	bool jumped; /* the last row explained a jump of the clock */
	/* where it was resumed after rows that are archived, until a row says so */
	int64_t archived_seq;
	char archived_hash[CHAIN_HASH];
};

void chain_check_init(struct chain_check *check, const char *store_id, const char *stream);

/* Start after an archive: its last row's seq, hash and time. */
void chain_check_resume(struct chain_check *check, int64_t seq, const char *hash, int64_t at_us);

/* The next row.  False: `reason` (a static text) says what is wrong with it; the check stays where it was. */
bool chain_check_row(struct chain_check *check, const struct chain_row *row, const char **reason);

/* A stream's head at one moment, signed.  */
struct chain_checkpoint {
	const char *store_id, *stream, *hash, *key_id;
	int64_t seq, at_us;
};

/* The bytes that are signed: RFC 8785 of {version: 1, store_id, stream, seq, hash, at, key_id}. */
void chain_checkpoint_write(struct buf *buf, const struct chain_checkpoint *checkpoint);

#endif
