/*
 * Notifications [trade.md 11]: which event of the outbox is one, who wants it, when it may come, and its words.
 *
 * Pure.  Words are plain text: what comes from outside loses its control bytes, so that no line of a mail and no member
 * of a JSON object can be made up by it.  A link opens the console and decides nothing.
 */
#ifndef CS_TRADE_DOMAIN_NOTICE_H
#define CS_TRADE_DOMAIN_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/field.h"

struct arena;
struct buf;
struct json;
struct zone;

enum notice_kind {
	NOTICE_NONE = -1,
	NOTICE_SIGNAL_PENDING,
	NOTICE_SIGNAL_LAPSING, /* a fifth of its time is left */
	NOTICE_GUARD,
	NOTICE_POSITION,
	NOTICE_DEVICE_OFFLINE,
	NOTICE_DIVERGENCE,
	NOTICE_KINDS
};
extern const char *const notice_kind_names[]; /* "signal.pending", "guard.*"; ends with NULL */

/* Of an event of the outbox and its data. */
enum notice_kind notice_kind_of(const char *event, const struct json *data);

/* Whose business it is: a permission, or NULL for everybody who may read; the object's owner always. */
const char *notice_permission(enum notice_kind kind);

/* What one person wants. */
struct notice_wish {
	bool email;
	const char *webhook_url, *telegram_chat_id; /* NULL: not there */
	struct {
		size_t count;
		int *items; /* enum notice_kind; NULL: all */
	} events;
	const char *quiet_from, *quiet_to, *timezone; /* "22:00"; both or none */
};
extern const struct field_table notice_wish_table;
#define NOTICE_WISH_FIELDS(s) \
	F_BOOL(s, email, DEFAULT(false), DOC("Mail to the person's address")), \
		F_STR(s, webhook_url, NULLABLE, LENGTH(1, 2000), DOC("Posted to, signed the Standard Webhooks way")), \
		F_STR(s, telegram_chat_id, NULLABLE, LENGTH(1, 64), DOC("With telegram_token: a chat of that bot")), \
		F_ENUMS(s, events, notice_kind_names, TOLD_APART, NULLABLE, COUNT(0, NOTICE_KINDS), DOC("null: all of them")), \
		F_STR(s, quiet_from, NULLABLE, LENGTH(5, 5), DOC("HH:MM; between the two only guards are told")), \
		F_STR(s, quiet_to, NULLABLE, LENGTH(5, 5), DOC("HH:MM")), \
		F_STR(s, timezone, DEFAULT_TEXT("UTC"), LENGTH(1, 64), DOC("IANA name, of the quiet hours"))

bool notice_wanted(const struct notice_wish *wish, enum notice_kind kind);

/* Minutes of the day of "HH:MM"; -1: it is none. */
int notice_minute(const char *text);

/* The moment from which it may be told: now, or the end of the quiet hours; guards are always told now. */
int64_t notice_due_us(const struct notice_wish *wish, const struct zone *zone, enum notice_kind kind, int64_t now_us);

/* One event in words. */
struct notice {
	const char *event, *subject_id, *public_url; /* subject_id may be NULL */
	const struct json *data;
	int64_t now_us;
};
void notice_subject(const struct notice *notice, struct buf *out);
void notice_text(const struct notice *notice, struct buf *out); /* lines, with a link */

#endif
