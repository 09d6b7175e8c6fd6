/*
 * A trading signal as its producer sends it, what it must satisfy, and its content as it is sealed [trade.md 2.2].
 *
 * The content is the RFC 8785 form of exactly fifteen members, absent ones null; people countersign its SHA-256.
 * Pure: the moment is an argument.
 */
#ifndef CS_TRADE_DOMAIN_SIGNAL_H
#define CS_TRADE_DOMAIN_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct faults;
struct field_table;
struct instruments;
struct json;

enum {
	SIGNAL_BODY_MAX = 65536,    /* bytes of the request */
	SIGNAL_PAYLOAD_MAX = 32768, /* bytes of the payload in RFC 8785 form */
	SIGNAL_AHEAD_S = 300,       /* how far ahead the decision's time may lie */
	SIGNAL_MAX_AGE_S = 3600,
	SIGNAL_EXPIRY_MIN_S = 5,
	SIGNAL_EXPIRY_MAX_S = 100 * 3600,
	SIGNAL_EXPIRY_S = 900, /* without one */
};

enum signal_status {
	SIGNAL_PENDING,
	SIGNAL_BLOCKED,
	SIGNAL_APPROVED,
	SIGNAL_REJECTED,
	SIGNAL_EXPIRED,
	SIGNAL_CANCELLED,
	SIGNAL_FAILED,
	SIGNAL_PLACED,
	SIGNAL_CLOSED,
	SIGNAL_STATUSES
};
extern const char *const signal_status_names[];

/* May a signal go from one status to the other?  The table of trade.md 2.3. */
bool signal_may_move(enum signal_status from, enum signal_status to);

struct signal {
	const char *instrument;
	int side, order_type; /* enum trade_side; market, limit, stop */
	double price, stop_loss, take_profit, volume, confidence;
	const char *time, *expiry, *reason;
	const struct json *payload;
	const char *version, *external_id;
	const char *producer_id;    /* of the server: no one sends it */
	int64_t time_us, expiry_us; /* expiry_us is there also when no expiry was given */
};

extern const struct field_table signal_request_table; /* as received */
extern const struct field_table signal_content_table; /* as sealed and shown */

/* What to check against.  allowed: instruments of the producer's list, NULL for all of the pack. */
struct signal_rules {
	const struct instruments *instruments;
	const char *const *allowed;
	size_t allowed_count;
	int64_t now_us;
};

/* Is the payload an object of at most SIGNAL_PAYLOAD_MAX bytes?  (what is no object is a fault of signal_check) */
bool signal_payload_fits(const struct json *body);

/*
 * Check a decoded signal beyond its field table and bring it into canonical form: the instrument's own name, times in
 * UTC, expiry_us filled in.  Adds every fault; false when there are any.
 */
bool signal_check(struct arena *arena, const struct signal_rules *rules, struct signal *signal, struct faults *faults);

/* Append the content. */
void signal_write_content(struct buf *buf, const struct signal *signal);

#endif
