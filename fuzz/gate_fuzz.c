/*
 * Whatever the bytes and however they are cut: the gate ends in the same place with the same outcome, lets no control
 * byte through, and what it let through decodes [P-8.1].
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/must.h"
#include "http/gate.h"
#include "http/router.h"
#include "http/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_LIMIT = 4096, MOST = 4096 };

static const struct gate_limits limits = {.target_bytes = 256, .header_bytes = 1024, .header_lines = 16};

static void check_text(const char *text)
{
	for (; *text != '\0'; text++)
		must((unsigned char)*text >= 0x20 || *text == '\t');
}

static void check_head(const struct head *head)
{
	struct arena arena;
	struct head copy;
	struct err err;
	struct route_param *params;
	size_t count;
	arena_init(&arena, ARENA_REQUEST_CAP);
	must(head->path[0] == '/' || strcmp(head->path, "*") == 0);
	must(!head->chunked || head->content_length < 0);
	check_text(head->target);
	for (size_t i = 0; i < head->header_count; i++)
		check_text(head->headers[i].value);
	must(head_dup(&arena, head, &copy));
	must(strcmp(copy.path, head->path) == 0 && strcmp(copy.target, head->target) == 0);
	target_decode(&arena, copy.path, strlen(copy.path), false);
	if (!target_query(&arena, copy.query, &params, &count, &err))
		must(err.kind == ERR_REQUEST_MALFORMED);
	arena_fini(&arena);
}

static enum gate_event step(struct gate *gate, enum gate_event event, struct buf *body, struct buf *told)
{
	if (event == GATE_HEAD) {
		check_head(&gate->head);
		buf_addf(told, "head %s %zu\n", gate->head.target, gate->head.header_count);
		event = gate_body(gate, body, BODY_LIMIT);
	}
	if (event != GATE_DONE)
		return event;
	must(body->size <= BODY_LIMIT);
	buf_addf(told, "done %zu\n", body->size);
	buf_add(told, buf_text(body), body->size);
	buf_reset(body);
	gate_reset(gate);
	return GATE_MORE;
}

static void run(const char *bytes, size_t size, size_t piece, struct buf *told)
{
	struct gate gate;
	struct buf body;
	enum gate_event event = GATE_MORE;
	gate_init(&gate, &limits);
	buf_init(&body, 0);
	for (size_t at = 0, used; at < size && event == GATE_MORE; at += used)
		event = step(&gate, gate_feed(&gate, bytes + at, size - at < piece ? size - at : piece, &used), &body, told);
	buf_addf(told, "event %d %d\n", event, event == GATE_REFUSED ? (int)gate.err.kind : 0);
	gate_fini(&gate);
	buf_fini(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = {1, 3, 7};
	struct buf whole, other;
	if (size > MOST)
		return -1;
	buf_init(&whole, 0);
	buf_init(&other, 0);
	run((const char *)data, size, MOST, &whole);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		buf_reset(&other);
		run((const char *)data, size, pieces[i], &other);
		must(whole.size == other.size && memcmp(whole.bytes, other.bytes, whole.size) == 0);
	}
	buf_fini(&whole);
	buf_fini(&other);
	return 0;
}
