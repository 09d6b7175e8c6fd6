/*
 * An answer that goes on: server-sent events to one peer [P-8.11], or bytes whose number is not known beforehand.
 *
 * A handler answers with exchange_stream() in place of exchange_answer(); from then on events may be sent from any
 * thread.  They wait in a buffer of bounded size until the peer takes them; one that does not take them fast enough
 * gets `event: overflow` and is cut.  Every 15 s without events a comment goes out, so that proxies keep the connection
 * and a peer that has left is noticed.  When the server stops, every stream ends with `event: bye`.
 *
 * Bytes go in chunks (RFC 9112 7.1), so that the peer can tell an end from a cut: the last chunk comes only when
 * stream_end() has been called without an event.  Who writes them is told when the peer has taken what waited, and
 * stops meanwhile by stream_waiting(): nobody is cut for being slow.
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
	size_t room;      /* bytes of events that may wait for the peer, at least 1 */
	const char *type; /* NULL: events.  Else bytes of this media type, a constant. */
	/* Bytes: what waited is on its way, and more may be written.  On the carrier's thread; must not wait. */
	void (*drained)(void *self);
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

/*
 * Has the buffer room for this event now?  Yes too where nothing waits, as there will never be more room, and where
 * nobody listens any more.
 */
bool stream_has_room(struct stream *stream, const char *id, const char *event, const char *data);

/* Queue bytes.  False: nobody listens any more, or it has ended. */
bool stream_write(struct stream *stream, const void *bytes, size_t size);

/* Bytes that are queued and were not taken yet. */
size_t stream_waiting(struct stream *stream);

/*
 * The last event (NULL: none), then the end.  What was queued before still goes out.  An event after bytes is not sent:
 * the peer sees that they were cut.
 */
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

/* It is silent between two events: a comment may go out. */
bool stream_of_events(const struct stream *stream);

/* Append what waits to `out`.  True: that was the last. */
bool stream_take(struct stream *stream, struct buf *out);

/*
 * The carrier has taken it out of its mailbox, and its link is read: from now on it may be woken again.
 * Result: the connection that stream_attach() got, NULL after stream_gone().
 */
void *stream_arrive(struct stream *stream);

/* Nobody listens any more: tell the owner, and drop the exchange's reference. */
void stream_gone(struct stream *stream);

/* The mailbox of a loop. */
struct stream **stream_next(struct stream *stream);

#endif
