#include "trade/domain/notice.h"

#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/stamp.h"
#include "core/utf8.h"
#include "core/zone.h"

const char *const notice_kind_names[] = {"signal.pending", "signal.lapsing", "guard.*", "position.*",
										 "device.offline", "divergence",     NULL};

static const struct field wish_fields[] = {NOTICE_WISH_FIELDS(notice_wish)};
const struct field_table notice_wish_table = FIELD_TABLE("trade.notice.wish", notice_wish, wish_fields);

/* --- which --- */

/* Its position stays open: a person has to look [trade.md 3, on_lapse alert]. */
static const char approval_lapsed[] = "approval.lapsed";

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

enum notice_kind notice_kind_of(const char *event, const struct json *data)
{
	const char *status = json_text(data, "status");
	if (strcmp(event, "signal.created") == 0)
		return status != NULL && strcmp(status, "pending") == 0 ? NOTICE_SIGNAL_PENDING : NOTICE_NONE;
	if (begins(event, "guard."))
		return NOTICE_GUARD;
	if (begins(event, "position.") || strcmp(event, approval_lapsed) == 0)
		return NOTICE_POSITION;
	for (int kind = 0; kind < NOTICE_KINDS; kind++)
		if (strcmp(event, notice_kind_names[kind]) == 0)
			return (enum notice_kind)kind;
	return NOTICE_NONE;
}

const char *notice_permission(enum notice_kind kind)
{
	return kind == NOTICE_SIGNAL_PENDING || kind == NOTICE_SIGNAL_LAPSING ? "trade.approve" : NULL;
}

bool notice_wanted(const struct notice_wish *wish, enum notice_kind kind)
{
	if (wish->events.items == NULL)
		return true;
	for (size_t i = 0; i < wish->events.count; i++)
		if (wish->events.items[i] == (int)kind)
			return true;
	return false;
}

/* --- when --- */

static int two_digits(const char *text)
{
	return text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9' ? (text[0] - '0') * 10 + text[1] - '0'
																				: -1;
}

int notice_minute(const char *text)
{
	if (strlen(text) != 5 || text[2] != ':')
		return -1;
	int hour = two_digits(text), minute = two_digits(text + 3);
	return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 ? hour * 60 + minute : -1;
}

int64_t notice_due_us(const struct notice_wish *wish, const struct zone *zone, enum notice_kind kind, int64_t now_us)
{
	enum { DAY_MINUTES = 1440 };
	const int64_t minute_us = 60 * STAMP_US_PER_S;
	if (kind == NOTICE_GUARD || wish->quiet_from == NULL || wish->quiet_to == NULL || zone == NULL)
		return now_us;
	int from = notice_minute(wish->quiet_from), to = notice_minute(wish->quiet_to);
	int64_t local_us = zone_local_us(zone, now_us), day_us = stamp_day_of(local_us) * STAMP_US_PER_DAY;
	int now = (int)((local_us - day_us) / minute_us);
	bool quiet = from <= to ? now >= from && now < to : now >= from || now < to; /* over midnight */
	if (!quiet)
		return now_us;
	int64_t end = to > now ? to : to + DAY_MINUTES;
	return zone_utc_us(zone, day_us + end * minute_us);
}

/* --- words --- */

/* From outside: no control byte, and not without end. */
static void add_word(struct buf *out, const struct json *data, const char *name, const char *before)
{
	enum { WORD_MAX = 120 };
	const char *text = json_text(data, name);
	if (text == NULL || *text == '\0')
		return;
	buf_adds(out, before);
	size_t size = utf8_cut(text, strlen(text), WORD_MAX);
	for (size_t i = 0; i < size; i++)
		buf_addc(out, (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i]);
}

static void add_order(struct buf *out, const struct json *data)
{
	add_word(out, data, "side", " ");
	add_word(out, data, "instrument", " ");
}

/* Nobody is to take what is simulated for real. */
static bool on_paper(const struct json *data)
{
	const struct json *paper = json_get(data, "paper");
	return paper != NULL && paper->kind == JS_BOOL && paper->boolean;
}

/* What the event is about was to end then; 0: it says no such moment. */
static int64_t ends_us(const struct notice *n)
{
	const char *text = json_text(n->data, "expires_at");
	const struct stamp_fault *fault;
	int64_t us = 0;
	return text != NULL && stamp_parse(text, strlen(text), &us, &fault) ? us : 0;
}

/* Quiet hours and retries may bring it when nobody can decide any more. */
static bool too_late(const struct notice *n)
{
	int64_t us = ends_us(n);
	return us != 0 && us <= n->now_us;
}

void notice_subject(const struct notice *n, struct buf *out)
{
	if (on_paper(n->data))
		buf_adds(out, "[paper] ");
	switch (notice_kind_of(n->event, n->data)) {
	case NOTICE_SIGNAL_PENDING:
		buf_adds(out, too_late(n) ? "A signal waited for a decision:" : "A signal waits for a decision:");
		add_order(out, n->data);
		break;
	case NOTICE_SIGNAL_LAPSING:
		buf_adds(out, too_late(n) ? "A signal was about to end undecided:" : "A signal is about to end undecided:");
		add_order(out, n->data);
		break;
	case NOTICE_GUARD:
		buf_addf(out, "Guard %s:", n->event + strlen("guard."));
		add_word(out, n->data, "guard", " ");
		add_word(out, n->data, "instrument", " ");
		break;
	case NOTICE_POSITION:
		if (strcmp(n->event, approval_lapsed) == 0)
			buf_adds(out, "The approval of an open position has ended:");
		else
			buf_addf(out, "Position %s:", n->event + strlen("position."));
		add_order(out, n->data);
		add_word(out, n->data, "close_reason", ", ");
		break;
	case NOTICE_DEVICE_OFFLINE:
		buf_adds(out, "A terminal is silent:");
		add_word(out, n->data, "name", " ");
		break;
	case NOTICE_DIVERGENCE:
		buf_adds(out, "Broker and record differ:");
		add_word(out, n->data, "kind", " ");
		add_word(out, n->data, "ticket", ", ticket ");
		break;
	default:
		buf_adds(out, n->event);
	}
}

static void add_countdown(const struct notice *n, struct buf *out)
{
	const char *text = json_text(n->data, "expires_at");
	int64_t us = ends_us(n), left_s = (us - n->now_us) / STAMP_US_PER_S;
	if (us == 0)
		return;
	if (too_late(n))
		buf_addf(out, "Its time ended at %s.\n", text);
	else
		buf_addf(out, "It ends at %s, in %lld min %lld s.\n", text, (long long)(left_s / 60), (long long)(left_s % 60));
}

void notice_text(const struct notice *n, struct buf *out)
{
	enum notice_kind kind = notice_kind_of(n->event, n->data);
	notice_subject(n, out);
	buf_adds(out, ".\n");
	if (kind == NOTICE_SIGNAL_PENDING || kind == NOTICE_SIGNAL_LAPSING)
		add_countdown(n, out);
	if (n->public_url == NULL)
		return;
	bool signal = json_text(n->data, "signal_id") != NULL;
	const char *id = signal ? json_text(n->data, "signal_id") : n->subject_id;
	buf_addf(out, "%s/console/%s/%s\n", n->public_url, signal ? "signals" : "trading", id != NULL ? id : "");
}
