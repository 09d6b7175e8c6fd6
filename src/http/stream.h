/*
 * An answer that goes on: server-sent events to one peer [P-8.11].
 *
 * A handler answers with exchange_stream() in place of exchange_answer(); from then on events may be sent from any
 * thread.  They wait in a buffer of bounded size until the peer takes them; one that does not take them fast enough
 * gets `event: overflow` and is cut.  Every 15 s without events a comment goes out, so that proxies keep the connection
 * and a peer that has left is noticed.  When the server stops, every stream ends with `event: bye`.
 *
 * Not here: which events there are, who may see them, and what was missed meanwhile.
 *
 * Threads: any, but the functions marked "carrier".  WHATWG HTML 9.2 gives the form of the events.
 */
#ifndef CS_HTTP_STREAM_H
#define CS_HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct exchange;
struct stream;

#define MEDIA_EVENTS "text/event-stream"

struct stream_options {
	size_t room; /* bytes that may wait for the peer, at least 1 */
	/*
	 * Called once when nobody listens any more: the peer left, was cut, or stream_end() has been carried out.  On the
	 * carrier's thread, perhaps before exchange_stream() returns; must not wait.  May be NULL.
	 */
	void (*gone)(void *self);
	void *self;
};

/*
 * Answer 200 with a stream; the exchange is no longer the handler's.  The reference that is returned is the caller's:
 * stream_unref() it.  NULL: no memory, and the exchange was answered.
 */
struct stream *exchange_stream(struct exchange *x, const struct stream_options *options);

/*
 * Queue one event.  `id` and `event` may be NULL; neither they nor `data` (one line of text, NULL: none) hold line ends
 * (must).  False: nobody listens any more, or the buffer was full and the peer is being cut.
 */
bool stream_send(struct stream *stream, const char *id, const char *event, const char *data);

/* The last event (NULL: none), then the end.  What was queued before still goes out. */
void stream_end(struct stream *stream, const char *event);

/* Bytes that may be queued now; 0 when nobody listens any more. */
size_t stream_room(struct stream *stream);

/* Nobody listens any more. */
bool stream_is_gone(struct stream *stream);

struct stream *stream_ref(struct stream *stream);
void stream_unref(struct stream *stream); /* NULL is fine */

/* --- carrier --- */

/* From now on wake(carrier, stream) is called, from any thread, when there is something to take. */
void stream_attach(struct stream *stream, void (*wake)(void *carrier, struct stream *stream), void *carrier,
				   void *connection);

/* Append what waits to `out`.  True: that was the last. */
bool stream_take(struct stream *stream, struct buf *out);

/* What stream_attach() got, NULL after stream_gone(). */
void *stream_connection(struct stream *stream);

/* Nobody listens any more: tell the owner, and drop the exchange's reference. */
void stream_gone(struct stream *stream);

/* The mailbox of a loop. */
struct stream **stream_next(struct stream *stream);

#endif
