#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/app.h"
#include "app/files.h"
#include "app/mail.h"
#include "app/mailer.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/id.h"
#include "core/log.h"
#include "core/must.h"
#include "link/clamd.h"
#include "people/users.h"
#include "store/blob.h"
#include "store/store.h"

/* Pending files are scanned one after the other [P-9.4]; what is infected goes where no download reaches it. */

enum {
	LOOK_MS = 250, /* between two looks for a pending file */
	SCAN_MS = 60000,
	TRIES = 3,
	FIRST_DELAY_US = 1000000, /* [P-10.3] standard */
	MOST_DELAY_US = 30000000,
	ARENA_BYTES = 4 << 20,
};

struct scanner {
	struct app *app;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	_Atomic bool stop;
};

/* One file on its way. */
struct scanning {
	struct scanner *scanner;
	struct app *app;
	struct arena arena;
	struct file file;
	struct file_outcome outcome;
	char detail[CLAMD_DETAIL];
	int64_t due_us; /* of the next try */
	struct infected *infected;
};

/* Who is told. */
struct infected {
	char mail_id[ID_TEXT];
	struct mail mail;
	struct infected *next;
};

/* --- the bytes --- */

static bool read_blob(void *self, int64_t offset, void *bytes, size_t size, size_t *got, struct err *err)
{
	const struct scanning *s = self;
	if (atomic_load(&s->scanner->stop))
		return err_set(err, ERR_DRAINING, "the server is stopping");
	return blob_read(s->app->files, s->file.blob_sha256, offset, bytes, size, got, err);
}

/* Into quarantine before anything says so; it leaves the files' blobs after the commit, when nothing serves it. */
static bool copy_away(struct scanning *s, struct err *err)
{
	struct buf bytes;
	buf_init(&bytes, FILE_BYTES_MAX + 1);
	bool copied = blob_get(s->app->files, s->file.blob_sha256, &bytes, err) &&
				  blob_put(s->app->quarantine, s->file.blob_sha256, buf_text(&bytes), bytes.size, err);
	buf_fini(&bytes);
	return copied;
}

/* --- storing what came of it --- */

static bool note_owner(struct scanning *s, struct db *db, const struct file *file, struct err *err)
{
	struct user user;
	bool found = false;
	if (file->created_by == NULL)
		return true;
	if (!user_by_id(db, file->created_by, &s->arena, &user, &found, err))
		return false;
	if (!found || user.email == NULL)
		return true;
	struct infected *one = arena_new(&s->arena, struct infected);
	if (one == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the files");
	one->mail = (struct mail){.to = user.email,
							  .subject = "An infected file was put in quarantine",
							  .text = arena_printf(&s->arena,
												   "The file %s, which you uploaded, is infected: %s.\n"
												   "It was put in quarantine and cannot be downloaded.\n",
												   file->filename, s->detail)};
	one->next = s->infected;
	s->infected = one;
	id_make(&s->app->ids, one->mail_id);
	return one->mail.text != NULL ? mailer_put(s->app->mailer, db, one->mail_id, file->account_id, &one->mail, err)
								  : err_set(err, ERR_LIMIT, "no memory for the files");
}

static bool tell(void *self, struct db *db, const struct file *file, struct err *err)
{
	struct scanning *s = self;
	bool infected = strcmp(file->state, "infected") == 0;
	const char *name = arena_printf(&s->arena, "file.%s", file->state);
	const struct audit_pair meta[] = {{AUDIT_META_code, file->state}, {AUDIT_META_sha256, file->blob_sha256}};
	const struct audit_event event = {.action = AUDIT_FILE_SCAN,
									  .status = strcmp(file->state, "clean") == 0 ? AUDIT_SUCCESS : AUDIT_FAILURE,
									  .account_id = file->account_id,
									  .target_id = file->file_id,
									  .meta = meta,
									  .meta_count = sizeof meta / sizeof *meta};
	if (name == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the files");
	return (!infected || note_owner(s, db, file, err)) && file_tell(s->app, db, file, name, err) &&
		   audit_append(&s->app->audit, db, &event, err);
}

static bool apply_outcome(struct db *db, void *self, struct err *err)
{
	struct scanning *s = self;
	s->infected = NULL;
	if (s->outcome.state == NULL)
		return file_scan_again(db, &s->file, s->due_us, err);
	return file_settle(db, s->file.blob_sha256, &s->outcome, &s->arena, tell, s, err);
}

static void mail_owners(struct scanning *s)
{
	for (const struct infected *one = s->infected; one != NULL; one = one->next)
		mailer_go(s->app->mailer, one->mail_id, &one->mail);
}

static void store_outcome(struct scanning *s)
{
	struct err err;
	if (!store_write(s->app->store, apply_outcome, s, &err)) {
		log_error("what came of a scan could not be stored", log_str("file", s->file.file_id),
				  log_str("why", err.message));
		return;
	}
	if (s->outcome.state == NULL || strcmp(s->outcome.state, "infected") != 0)
		return;
	if (!blob_remove(s->app->files, s->file.blob_sha256, &err))
		log_error("an infected blob stays among the others", log_str("why", err.message));
	mail_owners(s);
}

/* --- one scan --- */

/* Delay before the next try: double each time, half of it by chance, so that many files do not come back at once. */
static int64_t delay_us(const struct app *app, int64_t tries)
{
	int64_t most = FIRST_DELAY_US << (tries < 10 ? tries : 10);
	uint32_t chance;
	env_random(app->env, &chance, sizeof chance);
	most = most < MOST_DELAY_US ? most : MOST_DELAY_US;
	return most / 2 + most / 2 * (int64_t)(chance >> 16) / 65536;
}

static void settle(struct scanning *s, const char *state, const char *detail)
{
	snprintf(s->detail, sizeof s->detail, "%s", detail);
	s->outcome = (struct file_outcome){.state = state, .detail = s->detail[0] != '\0' ? s->detail : NULL};
	s->outcome.all = strcmp(state, "infected") == 0;
}

static void try_again(struct scanning *s, const struct err *err)
{
	log_warn("a file could not be scanned", log_str("file", s->file.file_id), log_str("why", err->message));
	if (s->file.scan_tries + 1 >= TRIES)
		settle(s, "error", "the scanner could not be asked");
	else
		s->due_us = env_wall_us(s->app->env) + delay_us(s->app, s->file.scan_tries);
}

static void scan(struct scanning *s)
{
	static const char *const states[] = {
		[CLAMD_CLEAN] = "clean", [CLAMD_INFECTED] = "infected", [CLAMD_REFUSED] = "error"};
	const struct clamd_source source = {.read = read_blob, .self = s, .give_up = &s->scanner->stop};
	struct clamd_answer answer;
	struct err err;
	bool scanned = clamd_scan(s->app->config.scan.url, &source, SCAN_MS, &answer, &err);
	if (scanned && answer.verdict == CLAMD_INFECTED)
		scanned = copy_away(s, &err);
	if (!scanned && err.kind == ERR_DRAINING)
		return;
	if (scanned)
		settle(s, states[answer.verdict], answer.detail);
	else
		try_again(s, &err);
	store_outcome(s);
}

/* False: nothing waits. */
static bool scan_next(struct scanner *scanner)
{
	struct scanning s = {.scanner = scanner, .app = scanner->app};
	struct err err;
	bool found = false;
	arena_init(&s.arena, ARENA_BYTES);
	struct db *db = store_read(s.app->store);
	bool read = file_due(db, env_wall_us(s.app->env), &s.arena, &s.file, &found, &err);
	store_read_end(s.app->store, db);
	if (!read)
		log_error("files to be scanned could not be read", log_str("why", err.message));
	if (read && found)
		scan(&s);
	arena_fini(&s.arena);
	return read && found;
}

/* --- the thread --- */

static void rest(struct scanner *scanner)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&scanner->lock);
	while (!atomic_load(&scanner->stop) && pthread_cond_timedwait(&scanner->wake, &scanner->lock, &until) == 0)
		;
	pthread_mutex_unlock(&scanner->lock);
}

static void *run(void *self)
{
	struct scanner *scanner = self;
	pthread_setname_np(pthread_self(), "scan");
	while (!atomic_load(&scanner->stop))
		if (!scan_next(scanner))
			rest(scanner);
	return NULL;
}

struct scanner *scanner_open(struct app *app)
{
	pthread_condattr_t attr;
	if (!files_scans(app))
		return NULL;
	struct scanner *scanner = calloc(1, sizeof *scanner);
	must(scanner != NULL && pthread_mutex_init(&scanner->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0 &&
		 pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&scanner->wake, &attr) == 0);
	pthread_condattr_destroy(&attr);
	scanner->app = app;
	must(pthread_create(&scanner->thread, NULL, run, scanner) == 0);
	return scanner;
}

void scanner_close(struct scanner *scanner)
{
	if (scanner == NULL)
		return;
	pthread_mutex_lock(&scanner->lock);
	atomic_store(&scanner->stop, true);
	pthread_cond_signal(&scanner->wake);
	pthread_mutex_unlock(&scanner->lock);
	pthread_join(scanner->thread, NULL);
	pthread_cond_destroy(&scanner->wake);
	pthread_mutex_destroy(&scanner->lock);
	free(scanner);
}
