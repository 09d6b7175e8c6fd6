#include "app/mailer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/mail.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/log.h"
#include "core/must.h"
#include "core/stamp.h"
#include "crypt/aead.h"
#include "crypt/digest.h"
#include "link/circuit.h"
#include "seal/audit.h"
#include "store/store.h"

#define LEFT_US (5 * STAMP_US_PER_S)
enum {
	LOOK_MS = 500, /* between two looks for a mail that is due */
	FAILURES = 5,  /* [P-10.4] */
	OPEN_US = 60000000,
	ARENA_BYTES = 1 << 20,
};
#define FIRST_DELAY_US STAMP_US_PER_S
#define MOST_DELAY_US (INT64_C(3600) * STAMP_US_PER_S)

struct mailer {
	struct mailer_options options;
	unsigned char key[AEAD_KEY_SIZE];
	struct circuit circuit;
	int64_t ping_us; /* monotonic: the next NOOP; 0: not thought of yet */
	_Atomic uint64_t given_up;
	_Atomic bool silent; /* it gave no answer, and has taken no mail since */
	struct err why;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	bool started, stop;
};

/* --- sealing --- */

/* Three lines: to whom, the subject, and the text to the end. */
static void write_plain(struct buf *out, const struct mail *mail)
{
	buf_adds(out, mail->to);
	buf_addc(out, '\n');
	for (const char *at = mail->subject; *at != '\0'; at++)
		buf_addc(out, *at == '\n' ? ' ' : *at);
	buf_addc(out, '\n');
	buf_adds(out, mail->text);
}

static bool read_plain(char *plain, struct mail *mail)
{
	char *subject = strchr(plain, '\n'), *text = subject != NULL ? strchr(subject + 1, '\n') : NULL;
	if (text == NULL)
		return false;
	*subject = *text = '\0';
	*mail = (struct mail){.to = plain, .subject = subject + 1, .text = text + 1};
	return true;
}

/* --- queueing --- */

bool mailer_has_server(const struct mailer *mailer)
{
	return mailer->options.server.url != NULL;
}

const struct mailer_options *mailer_options_of(const struct mailer *mailer)
{
	return &mailer->options;
}

static bool seal(const struct mailer *mailer, const char *mail_id, const struct mail *mail, struct buf *sealed)
{
	struct buf plain;
	buf_init(&plain, AEAD_TEXT_MAX);
	write_plain(&plain, mail);
	unsigned char *to = buf_ok(&plain) ? malloc(plain.size + AEAD_OVERHEAD) : NULL;
	if (to != NULL) {
		aead_seal(mailer->options.env, mailer->key, mail_id, strlen(mail_id), buf_text(&plain), plain.size, to);
		buf_add(sealed, to, plain.size + AEAD_OVERHEAD);
	}
	free(to);
	wipe(plain.bytes, plain.bytes != NULL ? plain.size : 0);
	buf_fini(&plain);
	return to != NULL && buf_ok(sealed);
}

/* A file is written by who queued it, at once; the thread looks after those that were left. */
bool mailer_put(struct mailer *mailer, struct db *db, const char *mail_id, const char *account_id,
				const struct mail *mail, struct err *err)
{
	struct buf sealed;
	int64_t now_us = env_wall_us(mailer->options.env);
	int64_t due_us = now_us + (mailer_has_server(mailer) ? 0 : LEFT_US);
	buf_init(&sealed, AEAD_TEXT_MAX + AEAD_OVERHEAD);
	bool put = seal(mailer, mail_id, mail, &sealed)
				   ? db_run(db, err,
							"INSERT INTO mails (mail_id, account_id, sealed, state, tries, due_at, created_at, "
							"updated_at) VALUES ($1, $2, $3, 'queued', 0, $4, $5, $5)",
							V_TEXT(mail_id), V_TEXT(account_id), V_BLOB(buf_text(&sealed), sealed.size), V_INT(due_us),
							V_INT(now_us))
				   : err_set(err, ERR_LIMIT, "no memory for a mail");
	buf_fini(&sealed);
	return put;
}

void mailer_wake(struct mailer *mailer)
{
	pthread_mutex_lock(&mailer->lock);
	pthread_cond_signal(&mailer->wake);
	pthread_mutex_unlock(&mailer->lock);
}

/* A mail that is a file by now. */
struct written {
	struct store_op op;
	char mail_id[ID_TEXT];
};

static bool apply_written(struct db *db, void *self, struct err *err)
{
	const struct written *written = self;
	return db_run(db, err, "DELETE FROM mails WHERE mail_id = $1", V_TEXT(written->mail_id));
}

static void end_written(void *self, bool applied, const struct err *err)
{
	if (!applied) /* the thread writes it once more, and tries again */
		log_warn("a mail that was written stays queued", log_str("why", err->message));
	free(self);
}

void mailer_go(struct mailer *mailer, const char *mail_id, const struct mail *mail)
{
	const struct mailer_options *o = &mailer->options;
	struct err err;
	if (mailer_has_server(mailer)) {
		mailer_wake(mailer);
		return;
	}
	if (!mail_write(o->folder, env_wall_us(o->env), mail_id, mail, &err)) {
		log_error("a mail could not be written", log_str("why", err.message));
		return;
	}
	struct written *written = calloc(1, sizeof *written);
	must(written != NULL);
	written->op = (struct store_op){.apply = apply_written, .done = end_written, .self = written};
	snprintf(written->mail_id, sizeof written->mail_id, "%s", mail_id);
	if (!store_submit(o->store, &written->op, &err))
		end_written(written, false, &err);
}

/* --- sending --- */

static bool send_as(struct mailer *mailer, const char *mail_id, const struct mail *mail, struct err *err)
{
	const struct mailer_options *o = &mailer->options;
	if (!mailer_has_server(mailer))
		return mail_write(o->folder, env_wall_us(o->env), mail_id, mail, err);
	struct buf message;
	int64_t began_us = env_mono_us(o->env), now_us;
	if (!circuit_may(&mailer->circuit, began_us))
		return err_set(err, ERR_UNAVAILABLE, "the server of mail is left alone for a while");
	buf_init(&message, 0);
	mail_message(&message, mail, o->server.from, mail_id, env_wall_us(o->env));
	bool (*send)(const struct mail_server *server, const char *to, const char *bytes, size_t size, struct err *why) =
		o->send != NULL ? o->send : mail_send;
	struct err why = {.kind = ERR_NONE};
	bool sent = buf_ok(&message) ? send(&o->server, mail->to, buf_text(&message), message.size, &why)
								 : err_set(&why, ERR_UNAVAILABLE, "no memory for a mail");
	buf_fini(&message);
	if (sent)
		atomic_store(&mailer->silent, false);
	/* Whom it refuses for good, it has answered: that is no failure of the server. */
	now_us = env_mono_us(o->env);
	circuit_tell_took(&mailer->circuit, now_us, sent || why.kind == ERR_INVALID, now_us - began_us);
	if (!sent && err != NULL)
		*err = why;
	return sent;
}

bool mailer_send(struct mailer *mailer, const struct mail *mail, struct err *err)
{
	char mail_id[ID_TEXT];
	id_make(mailer->options.ids, mail_id);
	return send_as(mailer, mail_id, mail, err);
}

int64_t mailer_delay_us(int64_t tries, uint16_t chance)
{
	int64_t most = FIRST_DELAY_US << (tries < 20 ? tries - 1 : 19);
	most = most < MOST_DELAY_US ? most : MOST_DELAY_US;
	return most / 2 + most / 2 * chance / UINT16_MAX;
}

/* --- one from the queue --- */

struct due {
	struct mailer *mailer;
	struct arena arena;
	const char *mail_id;
	unsigned char *sealed;
	size_t size;
	int64_t tries, now_us;
	bool sent, dead;
	struct err err; /* why not */
};

static void take_due(const struct db_rows *row, void *self)
{
	struct due *due = self;
	const void *sealed = db_blob(row, 1, &due->size);
	due->mail_id = db_text_dup(row, 0, &due->arena);
	due->sealed = arena_alloc(&due->arena, due->size);
	if (due->sealed != NULL && due->size > 0)
		memcpy(due->sealed, sealed, due->size);
	due->tries = db_int(row, 2);
}

static bool read_due(struct due *due, bool *found, struct err *err)
{
	struct mailer *mailer = due->mailer;
	struct db *db = store_read(mailer->options.store);
	bool read = db_one(db, err, found, take_due, due,
					   "SELECT mail_id, sealed, tries FROM mails WHERE state = 'queued' AND due_at <= $1 "
					   "ORDER BY due_at, mail_id LIMIT 1",
					   V_INT(due->now_us));
	store_read_end(mailer->options.store, db);
	return read && (!due->arena.full || err_set(err, ERR_LIMIT, "no memory for a mail"));
}

static bool open_and_send(struct due *due)
{
	struct mailer *mailer = due->mailer;
	struct mail mail;
	char *plain = due->size >= AEAD_OVERHEAD ? arena_alloc(&due->arena, due->size - AEAD_OVERHEAD + 1) : NULL;
	if (plain == NULL ||
		!aead_open(mailer->key, due->mail_id, strlen(due->mail_id), due->sealed, due->size, (unsigned char *)plain,
				   &due->err) ||
		!read_plain(plain, &mail))
		return err_set(&due->err, ERR_INVALID, "what was queued cannot be opened; was the master key exchanged?");
	bool sent = send_as(mailer, due->mail_id, &mail, &due->err);
	wipe(plain, due->size - AEAD_OVERHEAD);
	return sent;
}

static bool note_dead(struct due *due, struct db *db, struct err *err)
{
	const struct mailer_options *o = &due->mailer->options;
	const struct audit_pair meta[] = {{AUDIT_META_reason, due->err.message}};
	const struct audit_event event = {.action = AUDIT_MAIL_DEAD,
									  .status = AUDIT_FAILURE,
									  .actor = "system",
									  .target_id = due->mail_id,
									  .meta = meta,
									  .meta_count = 1};
	return db_run(db, err, "UPDATE mails SET state = 'dead', error = $1, updated_at = $2 WHERE mail_id = $3",
				  V_TEXT(due->err.message), V_INT(due->now_us), V_TEXT(due->mail_id)) &&
		   db_run(db, err, "DELETE FROM mails WHERE state = 'dead' AND updated_at < $1",
				  V_INT(due->now_us - MAILER_KEEP_DAYS * STAMP_US_PER_DAY)) &&
		   audit_append(o->audit, db, &event, err);
}

/*
 * The try is counted before it is made: a store that takes no writes must not have one mail sent over and over, and
 * after a crash the next try waits as after a failure.
 */
static bool apply_try(struct db *db, void *self, struct err *err)
{
	struct due *due = self;
	uint16_t chance;
	due->tries++;
	env_random(due->mailer->options.env, &chance, sizeof chance);
	return db_run(db, err, "UPDATE mails SET tries = $1, due_at = $2, updated_at = $3 WHERE mail_id = $4",
				  V_INT(due->tries), V_INT(due->now_us + mailer_delay_us(due->tries, chance)), V_INT(due->now_us),
				  V_TEXT(due->mail_id));
}

static bool apply_outcome(struct db *db, void *self, struct err *err)
{
	struct due *due = self;
	if (due->sent)
		return db_run(db, err, "DELETE FROM mails WHERE mail_id = $1", V_TEXT(due->mail_id));
	if (due->dead)
		return note_dead(due, db, err);
	return db_run(db, err, "UPDATE mails SET error = $1 WHERE mail_id = $2", V_TEXT(due->err.message),
				  V_TEXT(due->mail_id));
}

static void send_due(struct due *due)
{
	due->sent = open_and_send(due);
	due->dead = !due->sent && (due->err.kind == ERR_INVALID || due->tries >= MAILER_TRIES);
	if (!due->sent)
		log_warn(due->dead ? "a mail is given up" : "a mail waits for another try", log_str("mail", due->mail_id),
				 log_int("tries", due->tries), log_str("why", due->err.message));
}

static bool try_one(struct due *due)
{
	struct err err;
	bool noted = store_write(due->mailer->options.store, apply_try, due, &err);
	if (noted) {
		send_due(due);
		noted = store_write(due->mailer->options.store, apply_outcome, due, &err);
		if (noted && due->dead)
			atomic_fetch_add(&due->mailer->given_up, 1);
	}
	if (!noted)
		log_error("what becomes of a mail cannot be stored", log_str("mail", due->mail_id),
				  log_str("why", err.message));
	return noted;
}

/* False: nothing is due, or nothing can be done now. */
static bool work_one(struct mailer *mailer)
{
	struct due due = {.mailer = mailer, .now_us = env_wall_us(mailer->options.env)};
	struct err err;
	bool found = false;
	if (circuit_wait_us(&mailer->circuit, env_mono_us(mailer->options.env)) > 0)
		return false; /* an open breaker costs no mail a try */
	arena_init(&due.arena, ARENA_BYTES);
	bool read = read_due(&due, &found, &err);
	if (!read)
		log_error("mails could not be read", log_str("why", err.message));
	bool tried = read && found && try_one(&due);
	arena_fini(&due.arena);
	return tried;
}

static bool stops(struct mailer *mailer)
{
	pthread_mutex_lock(&mailer->lock);
	bool stop = mailer->stop;
	pthread_mutex_unlock(&mailer->lock);
	return stop;
}

int mailer_work(struct mailer *mailer)
{
	int count = 0;
	while (!stops(mailer) && work_one(mailer))
		count++;
	return count;
}

static void take_figures(const struct db_rows *row, void *self)
{
	struct mailer_figures *figures = self;
	figures->queued = db_int(row, 0);
	figures->dead = db_int(row, 1);
}

bool mailer_figures(struct mailer *mailer, struct mailer_figures *figures, struct err *err)
{
	struct db *db = store_read(mailer->options.store);
	bool read = db_one(db, err, NULL, take_figures, figures,
					   "SELECT (SELECT COUNT(*) FROM mails WHERE state = 'queued'), "
					   "(SELECT COUNT(*) FROM mails WHERE state = 'dead')");
	store_read_end(mailer->options.store, db);
	figures->open = circuit_wait_us(&mailer->circuit, env_mono_us(mailer->options.env)) > 0;
	figures->opened = circuit_opened(&mailer->circuit);
	figures->given_up = atomic_load(&mailer->given_up);
	return read;
}

bool mailer_alive(struct mailer *mailer, struct err *err)
{
	int64_t now_us = env_mono_us(mailer->options.env);
	if (circuit_wait_us(&mailer->circuit, now_us) > 0)
		return err_set(err, ERR_UNAVAILABLE, "the breaker is open");
	if (mailer->ping_us == 0) {
		mailer->ping_us = now_us + 1;
	} else if (now_us >= mailer->ping_us) {
		atomic_store(&mailer->silent, !mail_ping(&mailer->options.server, &mailer->why));
		mailer->ping_us = env_mono_us(mailer->options.env) + MAILER_PING_S * STAMP_US_PER_S;
	}
	bool silent = atomic_load(&mailer->silent);
	if (silent && err != NULL)
		*err = mailer->why;
	return !silent;
}

/* --- the thread --- */

static void rest(struct mailer *mailer)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mailer->lock);
	if (!mailer->stop)
		pthread_cond_timedwait(&mailer->wake, &mailer->lock, &until);
	pthread_mutex_unlock(&mailer->lock);
}

static void *run(void *self)
{
	struct mailer *mailer = self;
	pthread_setname_np(pthread_self(), "mail");
	while (!stops(mailer)) {
		mailer_work(mailer);
		rest(mailer);
	}
	return NULL;
}

struct mailer *mailer_new(const struct mailer_options *options)
{
	static const char label[] = "countersign/mails/v1";
	pthread_condattr_t attr;
	struct mailer *mailer = calloc(1, sizeof *mailer);
	must(mailer != NULL && pthread_mutex_init(&mailer->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0 &&
		 pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&mailer->wake, &attr) == 0);
	pthread_condattr_destroy(&attr);
	mailer->options = *options;
	hkdf_sha256(options->master_key, AEAD_KEY_SIZE, NULL, 0, label, sizeof label - 1, mailer->key, AEAD_KEY_SIZE);
	circuit_init(&mailer->circuit, FAILURES, OPEN_US);
	return mailer;
}

void mailer_start(struct mailer *mailer)
{
	must(pthread_create(&mailer->thread, NULL, run, mailer) == 0);
	mailer->started = true;
}

void mailer_stop(struct mailer *mailer)
{
	if (mailer == NULL || !mailer->started)
		return;
	pthread_mutex_lock(&mailer->lock);
	mailer->stop = true;
	pthread_cond_signal(&mailer->wake);
	pthread_mutex_unlock(&mailer->lock);
	pthread_join(mailer->thread, NULL);
	mailer->started = false;
}

void mailer_free(struct mailer *mailer)
{
	if (mailer == NULL)
		return;
	circuit_fini(&mailer->circuit);
	pthread_cond_destroy(&mailer->wake);
	pthread_mutex_destroy(&mailer->lock);
	wipe(mailer->key, sizeof mailer->key);
	free(mailer);
}
