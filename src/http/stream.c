#include "http/stream.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/must.h"
#include "http/exchange.h"

struct stream {
	_Atomic unsigned refs;
	struct stream_options options;
	pthread_mutex_t lock;
	struct buf waiting;
	bool chunked;
	bool ended; /* nothing more is queued */
	bool gone;
	bool woken;  /* the carrier knows that something waits */
	bool mailed; /* it hangs in the carrier's mailbox: a second time would make a ring of the list */
	void (*wake)(void *carrier, struct stream *stream);
	void *carrier, *connection;
	struct stream *next;
};

static struct stream *stream_new(const struct stream_options *options)
{
	struct stream *stream = calloc(1, sizeof *stream);
	if (stream == NULL)
		return NULL;
	stream->options = *options;
	atomic_init(&stream->refs, 1);
	must((options->type != NULL || options->room > 0) && pthread_mutex_init(&stream->lock, NULL) == 0);
	buf_init(&stream->waiting, 0);
	return stream;
}

struct stream *stream_ref(struct stream *stream)
{
	atomic_fetch_add_explicit(&stream->refs, 1, memory_order_relaxed);
	return stream;
}

void stream_unref(struct stream *stream)
{
	if (stream == NULL || atomic_fetch_sub_explicit(&stream->refs, 1, memory_order_acq_rel) > 1)
		return;
	buf_fini(&stream->waiting);
	pthread_mutex_destroy(&stream->lock);
	free(stream);
}

struct stream *exchange_stream(struct exchange *x, const struct stream_options *options)
{
	struct stream *stream = stream_new(options);
	if (stream == NULL) {
		exchange_failf(x, ERR_OVERLOADED, "There is no memory for a stream.");
		return NULL;
	}
	x->stream = stream_ref(stream);
	exchange_set(x, "X-Accel-Buffering", "no"); /* proxies that gather answers would hold events back */
	stream->chunked = options->type != NULL && x->head.minor > 0; /* HTTP/1.0 has none */
	if (stream->chunked)
		exchange_set(x, "Transfer-Encoding", "chunked");
	exchange_answer(x, 200, options->type != NULL ? options->type : MEDIA_EVENTS, NULL, 0);
	return stream;
}

static size_t field_size(const char *name, const char *value)
{
	return value != NULL ? strlen(name) + strlen(value) + 1 : 0;
}

static void write_field(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	must(strpbrk(value, "\r\n") == NULL);
	buf_adds(out, name);
	buf_adds(out, value);
	buf_addc(out, '\n');
}

static size_t event_size(const char *id, const char *event, const char *data)
{
	return field_size("id: ", id) + field_size("event: ", event) + field_size("data: ", data) + 1;
}

static void write_event(struct buf *out, const char *id, const char *event, const char *data)
{
	write_field(out, "id: ", id);
	write_field(out, "event: ", event);
	write_field(out, "data: ", data);
	buf_addc(out, '\n');
}

/* WHATWG HTML 9.2.6: an event without data is not dispatched, so those that only say something have an empty object. */
static void write_notice(struct buf *out, const char *event)
{
	write_event(out, NULL, event, "{}");
}

/* With the lock.  Is the carrier to be woken, by who gives the lock back? */
static bool need_wake(struct stream *stream)
{
	if (stream->wake == NULL || stream->woken || stream->gone)
		return false;
	stream->woken = true;
	if (stream->mailed)
		return false;
	stream->mailed = true;
	atomic_fetch_add_explicit(&stream->refs, 1, memory_order_relaxed); /* of the mailbox */
	return true;
}

static void unlock(struct stream *stream, bool wake)
{
	void (*call)(void *carrier, struct stream *stream) = stream->wake;
	void *carrier = stream->carrier;
	pthread_mutex_unlock(&stream->lock);
	if (wake)
		call(carrier, stream);
}

/* With the lock: one more event, unless it does not fit. */
static bool queue(struct stream *stream, const char *id, const char *event, const char *data)
{
	size_t size = stream->waiting.size;
	write_event(&stream->waiting, id, event, data);
	if (buf_ok(&stream->waiting) && stream->waiting.size <= stream->options.room)
		return true;
	if (buf_ok(&stream->waiting)) {
		stream->waiting.size = size;
		write_notice(&stream->waiting, "overflow");
	}
	stream->ended = true;
	return false;
}

bool stream_send(struct stream *stream, const char *id, const char *event, const char *data)
{
	pthread_mutex_lock(&stream->lock);
	must(stream->options.type == NULL);
	bool open = !stream->ended && !stream->gone;
	bool sent = open && queue(stream, id, event, data);
	unlock(stream, open && need_wake(stream));
	return sent;
}

bool stream_has_room(struct stream *stream, const char *id, const char *event, const char *data)
{
	pthread_mutex_lock(&stream->lock);
	size_t waiting = stream->waiting.size;
	bool open = !stream->ended && !stream->gone;
	pthread_mutex_unlock(&stream->lock);
	return !open || waiting == 0 || waiting + event_size(id, event, data) <= stream->options.room;
}

bool stream_write(struct stream *stream, const void *bytes, size_t size)
{
	pthread_mutex_lock(&stream->lock);
	must(stream->options.type != NULL);
	bool open = !stream->ended && !stream->gone;
	if (open && size > 0) { /* a chunk of no bytes is the last */
		if (stream->chunked)
			buf_addf(&stream->waiting, "%zx\r\n", size);
		buf_add(&stream->waiting, bytes, size);
		if (stream->chunked)
			buf_adds(&stream->waiting, "\r\n");
		stream->ended = !buf_ok(&stream->waiting); /* there was no memory: it is cut */
	}
	bool sent = open && !stream->ended;
	unlock(stream, open && need_wake(stream));
	return sent;
}

size_t stream_waiting(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	size_t size = stream->waiting.size;
	pthread_mutex_unlock(&stream->lock);
	return size;
}

bool stream_of_events(const struct stream *stream)
{
	return stream->options.type == NULL;
}

/* With the lock. */
static void write_end(struct stream *stream, const char *event)
{
	if (!stream_of_events(stream)) {
		if (event == NULL && stream->chunked)
			buf_adds(&stream->waiting, "0\r\n\r\n");
	} else if (event != NULL) {
		write_notice(&stream->waiting, event);
	}
}

void stream_end(struct stream *stream, const char *event)
{
	pthread_mutex_lock(&stream->lock);
	bool open = !stream->ended && !stream->gone;
	if (open)
		write_end(stream, event);
	stream->ended = true;
	unlock(stream, open && need_wake(stream));
}

size_t stream_room(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	bool open = !stream->ended && !stream->gone;
	size_t room = open ? stream->options.room - stream->waiting.size : 0;
	pthread_mutex_unlock(&stream->lock);
	return room;
}

bool stream_is_gone(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	bool gone = stream->gone;
	pthread_mutex_unlock(&stream->lock);
	return gone;
}

void stream_attach(struct stream *stream, void (*wake)(void *carrier, struct stream *stream), void *carrier,
				   void *connection)
{
	pthread_mutex_lock(&stream->lock);
	stream->wake = wake;
	stream->carrier = carrier;
	stream->connection = connection;
	pthread_mutex_unlock(&stream->lock);
}

bool stream_take(struct stream *stream, struct buf *out)
{
	pthread_mutex_lock(&stream->lock);
	bool last = stream->ended;
	if (stream->waiting.size > 0)
		buf_add(out, stream->waiting.bytes, stream->waiting.size);
	bool drained = !last && stream->waiting.size > 0 && stream->options.drained != NULL;
	buf_fini(&stream->waiting); /* a stream is silent most of its life */
	stream->woken = false;
	pthread_mutex_unlock(&stream->lock);
	if (drained)
		stream->options.drained(stream->options.self);
	return last;
}

void *stream_arrive(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->mailed = false;
	void *connection = stream->connection;
	pthread_mutex_unlock(&stream->lock);
	return connection;
}

void stream_gone(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	must(!stream->gone);
	stream->gone = true;
	stream->connection = NULL;
	pthread_mutex_unlock(&stream->lock);
	if (stream->options.gone != NULL)
		stream->options.gone(stream->options.self);
	stream_unref(stream);
}

struct stream **stream_next(struct stream *stream)
{
	return &stream->next;
}
