#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"
#include "http/exchange.h"
#include "http/service.h"
#include "http/stream.h"
#include "http/workers.h"
#include "people/reply.h"
#include "sign/batch.h"
#include "sign/sign.h"
#include "sign/sign_internal.h"

/*
 * sign.batch over HTTP: lines in, lines out, in their order [sign.md 2.12].
 *
 * A run cuts its lines into blocks that workers answer side by side.  A block has a slot in a ring; what is done leaves
 * from the ring's head.  When the peer does not take what waits for it, the ring fills up, the workers turn to others,
 * and the run goes on when the peer has taken it.  So memory is the body and the ring, whatever the answers' size.
 */

#define MEDIA_LINES "application/x-ndjson"

enum {
	BODY_MAX = 64 << 20,
	LINES_MAX = 100000,
	BLOCK_LINES = 32,
	BLOCK_BYTES = 256 << 10,
	JOBS_MAX = 8,         /* workers that one run may have at a time */
	SLOTS = 2 * JOBS_MAX, /* of the ring */
	ROOM = 256 << 10,     /* bytes that wait for the peer before the ring holds the rest */
};

struct block {
	const char *lines;
	size_t size;
	struct buf out;
	bool done;
};

struct run {
	struct workers *workers; /* NULL: all in the handler's thread */
	struct stream *stream;
	struct op_context context;
	char now[STAMP_TEXT], request_id[TRACE_ID_MAX + 1];
	char *body;
	size_t size;
	pthread_mutex_t lock;
	size_t at;                /* of the first line that no block has */
	struct block ring[SLOTS]; /* blocks first, first + 1 … */
	unsigned first, count;
	unsigned jobs; /* on workers or in their queue, and the handler */
	bool gone;     /* nobody listens */
};

/* --- with the lock --- */

static unsigned jobs_max(const struct run *run)
{
	unsigned threads = run->workers != NULL ? workers_threads(run->workers) : 1;
	return threads < 2 ? 1 : threads > JOBS_MAX ? JOBS_MAX : threads - 1; /* others want to be served too */
}

static bool may_begin(const struct run *run)
{
	return !run->gone && run->at < run->size && run->count < SLOTS;
}

/* The lines of the next block. */
static struct block *begin_block(struct run *run)
{
	struct block *block = &run->ring[(run->first + run->count++) % SLOTS];
	const char *from = run->body + run->at, *end = run->body + run->size, *to = from;
	for (int lines = 0; to < end && lines < BLOCK_LINES && to - from < BLOCK_BYTES; lines++) {
		const char *stop = memchr(to, '\n', (size_t)(end - to));
		to = stop != NULL ? stop + 1 : end;
	}
	run->at += (size_t)(to - from);
	*block = (struct block){.lines = from, .size = (size_t)(to - from)};
	buf_init(&block->out, 0);
	return block;
}

/* Send what is done from the head of the ring, as far as the peer takes it. */
static void emit(struct run *run)
{
	while (run->count > 0 && run->ring[run->first].done &&
		   (run->workers == NULL || stream_waiting(run->stream) < ROOM)) {
		struct block *block = &run->ring[run->first];
		stream_write(run->stream, block->out.bytes, block->out.size);
		buf_fini(&block->out);
		run->first = (run->first + 1) % SLOTS;
		run->count--;
	}
	if (run->count == 0 && run->at == run->size)
		stream_end(run->stream, NULL);
}

static void free_run(struct run *run)
{
	for (; run->count > 0; run->count--, run->first = (run->first + 1) % SLOTS)
		buf_fini(&run->ring[run->first].out);
	stream_unref(run->stream);
	pthread_mutex_destroy(&run->lock);
	free(run->body);
	free(run);
}

/* --- working --- */

static void answer_lines(const struct run *run, struct block *block)
{
	struct batch batch;
	struct buf out;
	batch_init(&batch, sign_ops, sign_ops_count, &run->context);
	buf_init(&out, 0);
	for (size_t at = 0; at < block->size;) {
		const char *line = block->lines + at, *stop = memchr(line, '\n', block->size - at);
		size_t size = stop != NULL ? (size_t)(stop - line) : block->size - at;
		batch_line(&batch, line, size, &out);
		buf_add(&block->out, out.bytes, out.size);
		at += size + 1;
	}
	buf_fini(&out);
	batch_fini(&batch);
}

/* The last one out, and nobody listens: that was it. */
static void leave(struct run *run)
{
	run->jobs--;
	bool last = run->gone && run->jobs == 0;
	pthread_mutex_unlock(&run->lock);
	if (last)
		free_run(run);
}

/* One block after the other; after each the other jobs of the server have their turn. */
static void work(void *self, int worker)
{
	struct run *run = self;
	(void)worker;
	pthread_mutex_lock(&run->lock);
	while (may_begin(run)) {
		struct block *block = begin_block(run);
		pthread_mutex_unlock(&run->lock);
		answer_lines(run, block);
		pthread_mutex_lock(&run->lock);
		block->done = true;
		if (!buf_ok(&block->out))
			stream_end(run->stream, "cut");
		emit(run);
		if (run->workers != NULL && may_begin(run) && workers_push(run->workers, work, run)) {
			pthread_mutex_unlock(&run->lock);
			return;
		}
	}
	leave(run);
}

/* With the lock.  A run that no worker would take ends cut. */
static void start_jobs(struct run *run)
{
	while (may_begin(run) && run->jobs < jobs_max(run)) {
		run->jobs++;
		if (workers_push(run->workers, work, run))
			continue;
		if (--run->jobs == 0)
			stream_end(run->stream, "cut");
		return;
	}
}

/* --- what the stream tells --- */

static void drained(void *self)
{
	struct run *run = self;
	pthread_mutex_lock(&run->lock);
	emit(run);
	if (run->workers != NULL)
		start_jobs(run);
	pthread_mutex_unlock(&run->lock);
}

static void gone(void *self)
{
	struct run *run = self;
	pthread_mutex_lock(&run->lock);
	run->gone = true;
	run->jobs++;
	leave(run);
}

/* --- the handler --- */

static size_t count_lines(const char *text, size_t size)
{
	size_t count = 0;
	for (const char *at = text, *end = text + size; at < end; count++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		at = stop != NULL ? stop + 1 : end;
	}
	return count;
}

static struct run *run_new(struct exchange *x)
{
	const struct sign_api *api = x->owner;
	struct run *run = calloc(1, sizeof *run);
	if (run == NULL)
		return NULL;
	pthread_mutex_init(&run->lock, NULL);
	run->context.envelope = reply_context(x, run->now);
	run->context.packs = api->options.packs;
	snprintf(run->request_id, sizeof run->request_id, "%s", x->trace.request_id);
	run->context.envelope.request_id = run->request_id;
	run->workers = x->service->workers;
	run->jobs = 1; /* the handler */
	run->body = buf_take(&x->body, &run->size);
	return run;
}

static void handle_batch(struct exchange *x)
{
	if (count_lines(buf_text(&x->body), x->body.size) > LINES_MAX) {
		exchange_failf(x, ERR_BODY_TOO_LARGE, "A batch has at most %d lines.", LINES_MAX);
		return;
	}
	struct run *run = run_new(x);
	if (run == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	const struct stream_options options = {.type = MEDIA_LINES, .drained = drained, .gone = gone, .self = run};
	run->stream = exchange_stream(x, &options);
	if (run->stream == NULL) {
		free_run(run);
		return;
	}
	pthread_mutex_lock(&run->lock);
	emit(run); /* of no lines at all this is the end */
	if (run->workers != NULL)
		start_jobs(run);
	pthread_mutex_unlock(&run->lock);
	work(run, 0); /* gives back the handler's own job */
}

static const char *const lines_type[] = {MEDIA_LINES, NULL};
static const enum err_kind errors[] = {ERR_BODY_TOO_LARGE, ERR_NONE};

const struct route batch_routes[1] = {
	ROUTE(POST, "/api/v1/sign/batch", "calculation.run", EFFECT_COMPUTE, handle_batch, .operation = "sign.batch",
		  .summary = "Many calculations, one a line, answered in their order",
		  .doc =
			  "A line is {id, op, body}, its answer {id, status, envelope} with the envelope that the operation alone "
			  "gives. A bad line is answered by its own problem and stops nothing. At most 100,000 lines or 64 MiB. "
			  "The body "
			  "is taken in whole before its first line is answered, the answers leave as the peer takes them; "
			  "`countersign "
			  "call sign.batch` answers each line as it comes, however many.",
		  .accepts = lines_type, .produces = lines_type, .body_max = BODY_MAX, .bare = true, .errors = errors),
};
