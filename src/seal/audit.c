#include "seal/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/must.h"
#include "store/store.h"

struct action_row {
	const char *action, *target_kind;
	unsigned fields;
};

#define M(name) (1U << AUDIT_META_##name)
static const struct action_row actions[AUDIT_ACTIONS] = {
#define X(name, action, target, fields) [name] = {action, target, fields},
#include "seal/audit_actions.h"
#undef X
};

static const char *const meta_names[AUDIT_METAS] = {
#define X(name) [AUDIT_META_##name] = #name,
#include "seal/audit_meta.h"
#undef X
};
_Static_assert(AUDIT_METAS <= 32, "the fields of an action are bits of an unsigned");

const char *const audit_status_names[AUDIT_STATUSES] = {
	[AUDIT_SUCCESS] = "success", [AUDIT_FAILURE] = "failure", [AUDIT_REFUSED] = "denied"};

const char *audit_action_name(enum audit_action action)
{
	return actions[action].action;
}

struct head {
	int64_t seq;
	char hash[CHAIN_HASH];
};

/* Values that come again and again: a proxy's address, a device's agent. */
enum { COMMITTED = 64, COMMITTED_VALUE = 160 };

struct committed {
	unsigned char key[AUDIT_KEY];
	char value[COMMITTED_VALUE], commitment[CHAIN_COMMITMENT]; /* value "": none */
};

struct audit_memory {
	const struct store_watch *watch;
	uint64_t seen; /* the watch's number for which head holds; 0: none */
	struct head head;
	struct committed committed[COMMITTED];
};

struct audit_memory *audit_memory_new(struct store *store)
{
	static const char *const tables[] = {"audit", NULL};
	struct audit_memory *memory = calloc(1, sizeof *memory);
	must(memory != NULL);
	memory->watch = store_watch(store, tables);
	return memory;
}

void audit_memory_free(struct audit_memory *memory)
{
	free(memory);
}

static void take_head(const struct db_rows *row, void *self)
{
	struct head *head = self;
	head->seq = db_int(row, 0);
	snprintf(head->hash, sizeof head->hash, "%s", db_text(row, 1));
}

bool audit_head(struct db *db, const char *store_id, const char *stream, int64_t *seq, char hash[CHAIN_HASH],
				struct err *err)
{
	struct head head = {.seq = 0};
	bool found;
	if (!db_one(db, err, &found, take_head, &head,
				"SELECT seq, hash FROM audit WHERE stream = $1 ORDER BY seq DESC LIMIT 1", V_TEXT(stream)))
		return false;
	if (!found)
		chain_genesis(store_id, stream, head.hash);
	*seq = head.seq;
	memcpy(hash, head.hash, sizeof head.hash);
	return true;
}

/* The head without asking, as long as nobody but remember_head() has followed a change of the table. */
static bool head_of(const struct audit *audit, struct db *db, struct head *head, struct err *err)
{
	struct audit_memory *m = audit->memory;
	if (m != NULL && m->seen != 0 && m->seen == db_watch(db, m->watch)) {
		*head = m->head;
		return true;
	}
	return audit_head(db, audit->store_id, audit->stream, &head->seq, head->hash, err);
}

static void remember_head(const struct audit *audit, const struct db *db, const struct chain_row *row)
{
	struct audit_memory *m = audit->memory;
	if (m == NULL)
		return;
	m->seen = db_watch(db, m->watch);
	m->head.seq = row->seq;
	memcpy(m->head.hash, row->hash, sizeof m->head.hash);
}

static size_t slot_of(const char *value)
{
	size_t hash = 5381;
	for (; *value != '\0'; value++)
		hash = hash * 33 ^ (unsigned char)*value;
	return hash % COMMITTED;
}

static void commit_to(const struct audit *audit, const unsigned char *key, const char *value,
					  char commitment[CHAIN_COMMITMENT])
{
	if (audit->memory == NULL || value[0] == '\0' || strlen(value) >= COMMITTED_VALUE) {
		chain_commit(key, AUDIT_KEY, value, commitment);
		return;
	}
	struct committed *kept = &audit->memory->committed[slot_of(value)];
	if (strcmp(kept->value, value) != 0 || memcmp(kept->key, key, AUDIT_KEY) != 0) {
		chain_commit(key, AUDIT_KEY, value, kept->commitment);
		memcpy(kept->key, key, AUDIT_KEY);
		strcpy(kept->value, value);
	}
	memcpy(commitment, kept->commitment, CHAIN_COMMITMENT);
}

/* Members in RFC 8785 order, which is the order of the enum. */
static void write_meta(struct buf *buf, const struct audit_event *event)
{
	struct jw jw;
	jw_init(&jw, buf);
	jw_object(&jw);
	for (int field = 0; field < AUDIT_METAS; field++) {
		if (field == AUDIT_META_account_id && event->account_id != NULL)
			jw_member_str(&jw, "account_id", event->account_id);
		for (size_t i = 0; i < event->meta_count; i++)
			if ((int)event->meta[i].field == field)
				jw_member_str(&jw, meta_names[field], event->meta[i].text);
	}
	jw_object_end(&jw);
}

static void check_fields(const struct audit_event *event)
{
	for (size_t i = 0; i < event->meta_count; i++)
		must((actions[event->action].fields & (1U << event->meta[i].field)) != 0);
}

static bool insert_row(struct db *db, const struct chain_row *row, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO audit (" AUDIT_COLUMNS
				  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
				  "$14, $15, $16)",
				  V_TEXT(row->account_id), V_TEXT(row->stream), V_INT(row->seq), V_INT(row->at_us), V_TEXT(row->actor),
				  V_TEXT(row->role), V_TEXT(row->action), V_TEXT(row->target_kind), V_TEXT(row->target_id),
				  V_TEXT(row->status), V_TEXT(row->ip), V_TEXT(row->user_agent), V_TEXT(row->request_id),
				  V_TEXT(row->meta), V_TEXT(row->prev_hash), V_TEXT(row->hash));
}

static bool insert_personal(struct db *db, const struct chain_row *row, const struct audit_event *event,
							struct err *err)
{
	if (event->ip == NULL && event->user_agent == NULL)
		return true;
	/* a machine cannot ask to be forgotten, so nobody looks for its rows */
	bool machine = event->role != NULL && (strcmp(event->role, "producer") == 0 || strcmp(event->role, "device") == 0);
	return db_run(
		db, err,
		"INSERT INTO audit_personal (stream, seq, user_id, ip, user_agent, at) VALUES ($1, $2, $3, $4, $5, $6)",
		V_TEXT(row->stream), V_INT(row->seq), V_TEXT(machine ? NULL : event->actor), V_TEXT(event->ip),
		V_TEXT(event->user_agent), V_INT(row->at_us));
}

bool audit_append(const struct audit *audit, struct db *db, const struct audit_event *event, struct err *err)
{
	check_fields(event);
	const unsigned char *key = event->person_key != NULL ? event->person_key : audit->key;
	char hash[CHAIN_HASH], ip[CHAIN_COMMITMENT], user_agent[CHAIN_COMMITMENT];
	struct head head;
	if (!head_of(audit, db, &head, err))
		return false;
	if (event->ip != NULL)
		commit_to(audit, key, event->ip, ip);
	if (event->user_agent != NULL)
		commit_to(audit, key, event->user_agent, user_agent);
	struct buf meta;
	buf_init(&meta, 0);
	write_meta(&meta, event);
	struct chain_row row = {
		.account_id = event->account_id,
		.stream = audit->stream,
		.seq = head.seq + 1,
		.at_us = env_wall_us(audit->env),
		.actor = event->actor,
		.role = event->role,
		.action = actions[event->action].action,
		.target_kind = actions[event->action].target_kind,
		.target_id = event->target_id,
		.status = audit_status_names[event->status],
		.ip = event->ip != NULL ? ip : NULL,
		.user_agent = event->user_agent != NULL ? user_agent : NULL,
		.request_id = event->request_id,
		.meta = buf_text(&meta),
		.prev_hash = head.hash,
	};
	chain_hash(&row, hash);
	row.hash = hash;
	bool done = insert_row(db, &row, err);
	if (done)
		remember_head(audit, db, &row);
	done = done && insert_personal(db, &row, event, err);
	buf_fini(&meta);
	return done;
}

void audit_take(const struct db_rows *rows, struct arena *arena, struct chain_row *row)
{
	*row = (struct chain_row){
		.account_id = db_text_dup(rows, 0, arena),
		.stream = db_text_dup(rows, 1, arena),
		.seq = db_int(rows, 2),
		.at_us = db_int(rows, 3),
		.actor = db_text_dup(rows, 4, arena),
		.role = db_text_dup(rows, 5, arena),
		.action = db_text_dup(rows, 6, arena),
		.target_kind = db_text_dup(rows, 7, arena),
		.target_id = db_text_dup(rows, 8, arena),
		.status = db_text_dup(rows, 9, arena),
		.ip = db_text_dup(rows, 10, arena),
		.user_agent = db_text_dup(rows, 11, arena),
		.request_id = db_text_dup(rows, 12, arena),
		.meta = db_text_dup(rows, 13, arena),
		.prev_hash = db_text_dup(rows, 14, arena),
		.hash = db_text_dup(rows, 15, arena),
	};
}

bool audit_add_checkpoint(struct db *db, const struct chain_checkpoint *checkpoint, const char *statement,
						  const char *signature, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO audit_checkpoints (stream, seq, at, hash, key_id, statement, signature) "
				  "VALUES ($1, $2, $3, $4, $5, $6, $7)",
				  V_TEXT(checkpoint->stream), V_INT(checkpoint->seq), V_INT(checkpoint->at_us),
				  V_TEXT(checkpoint->hash), V_TEXT(checkpoint->key_id), V_TEXT(statement), V_TEXT(signature));
}
