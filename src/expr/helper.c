#include "expr/helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jq.h>
#include <jv.h>

#include "core/buf.h"
#include "expr/exact.h"
#include "expr/expr.h"
#include "expr/jail.h"
#include "expr/value.h"
#include "expr/wire.h"

enum { CHUNK = 64 * 1024 };

struct helper {
	struct jail jail;
	struct helper_limits limits;
	jq_state *programs[HELPER_SLOTS];
	struct buf in, out;
	size_t taken;      /* bytes of `in` that are done with */
	char problem[512]; /* the first one that jq told of the program being compiled */
};

static void no_memory(void *data)
{
	(void)data;
	_exit(WIRE_EXIT_MEMORY);
}

/* Keep the first line without where it stands: lines of the program around it are not the user's. */
static void keep_problem(void *data, jv message)
{
	struct helper *helper = data;
	jv text = jv_get_kind(message) == JV_KIND_STRING ? message : jv_dump_string(message, 0);
	if (helper->problem[0] == '\0') {
		const char *line = jv_string_value(text);
		static const char prefix[] = "jq: error: ";
		if (strncmp(line, prefix, sizeof prefix - 1) == 0)
			line += sizeof prefix - 1;
		const char *end = strstr(line, " (Unix shell quoting issues?)");
		end = end != NULL ? end : strstr(line, " at <top-level>");
		int size = (int)(end != NULL ? (size_t)(end - line) : strcspn(line, "\n"));
		snprintf(helper->problem, sizeof helper->problem, "%.*s", size, line);
	}
	jv_free(text);
}

static void answer(struct helper *helper, enum wire_op op, uint32_t number, const char *text)
{
	size_t begun = wire_begin(&helper->out, op, number);
	buf_adds(&helper->out, text);
	wire_end(&helper->out, begun);
}

static jq_state *compile(struct helper *helper, const char *text)
{
	jq_state *jq = jq_init();
	helper->problem[0] = '\0';
	if (jq == NULL)
		return NULL;
	jq_set_nomem_handler(jq, no_memory, NULL);
	jq_set_error_cb(jq, keep_problem, helper);
	if (!jq_compile(jq, text))
		jq_teardown(&jq);
	return jq;
}

static void compile_slot(struct helper *helper, uint32_t slot, const char *text, size_t size)
{
	char *program = strndup(text, size);
	if (program == NULL)
		no_memory(NULL);
	jail_hurry(HELPER_COMPILE_MS);
	if (helper->programs[slot] != NULL)
		jq_teardown(&helper->programs[slot]);
	helper->programs[slot] = compile(helper, program);
	free(program);
	if (!jail_allow(&helper->jail, helper->limits.memory_bytes))
		_exit(WIRE_EXIT_BROKEN);
	if (helper->programs[slot] != NULL)
		answer(helper, WIRE_OK, slot, "");
	else
		answer(helper, WIRE_FAULT, slot, helper->problem[0] != '\0' ? helper->problem : "it does not compile");
}

static void answer_value(struct helper *helper, uint32_t slot, jv value)
{
	size_t begun = wire_begin(&helper->out, WIRE_OK, slot);
	enum value_fit fit = value_write(&helper->out, value, helper->limits.output_bytes);
	if (fit == VALUE_FITS) {
		wire_end(&helper->out, begun);
		return;
	}
	helper->out.size = begun;
	answer(helper, WIRE_LIMIT, slot, fit == VALUE_TOO_DEEP ? "depth" : "output");
}

/* As jq tells it: a text as it is, another value as JSON. */
static void answer_fault(struct helper *helper, uint32_t slot, jv message)
{
	bool plain = jv_get_kind(message) == JV_KIND_STRING;
	jv text = plain ? jv_copy(message) : jv_dump_string(jv_copy(message), 0);
	size_t begun = wire_begin(&helper->out, WIRE_FAULT, slot);
	buf_adds(&helper->out, plain ? "" : "(not a string): ");
	size_t size = (size_t)jv_string_length_bytes(jv_copy(text));
	buf_add(&helper->out, jv_string_value(text), size < 1000 ? size : 1000);
	wire_end(&helper->out, begun);
	jv_free(text);
}

static void evaluate(struct helper *helper, uint32_t slot, struct wire_reader *reader)
{
	jq_state *jq = helper->programs[slot];
	jail_hurry(helper->limits.cpu_ms);
	exact_begin();
	jq_start(jq, value_read(reader), 0);
	jv value = reader->failed ? jv_invalid_with_msg(jv_string("the arguments are nested too deep")) : jq_next(jq);
	if (exact_rounded())
		answer(helper, WIRE_FAULT, slot, "arithmetic on an integer beyond 2^53 would not be exact");
	else if (jv_is_valid(value))
		answer_value(helper, slot, value);
	else if (jv_invalid_has_msg(jv_copy(value))) {
		jv message = jv_invalid_get_msg(jv_copy(value));
		answer_fault(helper, slot, message);
		jv_free(message);
	} else
		answer(helper, WIRE_OK, slot, "N");
	jv_free(value);
	jq_start(jq, jv_null(), 0); /* lets go of all that the evaluation left */
}

/* True while there was a whole message. */
static bool serve_message(struct helper *helper)
{
	size_t there = helper->in.size - helper->taken;
	const char *bytes = helper->in.bytes + helper->taken;
	if (there < WIRE_HEAD)
		return false;
	struct wire_head head = wire_head(bytes);
	if (there - WIRE_HEAD < head.size)
		return false;
	struct wire_reader reader = {.at = bytes + WIRE_HEAD, .end = bytes + WIRE_HEAD + head.size};
	helper->taken += WIRE_HEAD + head.size;
	if (head.op == WIRE_HELLO && head.size == sizeof helper->limits)
		memcpy(&helper->limits, reader.at, sizeof helper->limits);
	else if (head.op == WIRE_COMPILE && head.number < HELPER_SLOTS)
		compile_slot(helper, head.number, reader.at, head.size);
	else if (head.op == WIRE_EVALUATE && head.number < HELPER_SLOTS && helper->programs[head.number] != NULL)
		evaluate(helper, head.number, &reader);
	else
		_exit(WIRE_EXIT_BROKEN);
	if (!buf_ok(&helper->out))
		no_memory(NULL);
	return true;
}

static void send_all(struct helper *helper)
{
	size_t at = 0;
	while (at < helper->out.size) {
		ssize_t sent = write(HELPER_FD, helper->out.bytes + at, helper->out.size - at);
		if (sent <= 0)
			_exit(0); /* the server is gone */
		at += (size_t)sent;
	}
	buf_reset(&helper->out);
}

/* Large messages must not stay in memory that counts against the next evaluation. */
static void shrink(struct buf *buf)
{
	if (buf->size == 0 && buf->room > 16 * CHUNK)
		buf_fini(buf);
}

static void receive(struct helper *helper)
{
	size_t left = helper->in.size - helper->taken;
	if (left > 0)
		memmove(helper->in.bytes, helper->in.bytes + helper->taken, left);
	helper->in.size = left;
	helper->taken = 0;
	shrink(&helper->in);
	shrink(&helper->out);
	char *room = buf_extend(&helper->in, CHUNK);
	if (room == NULL)
		no_memory(NULL);
	ssize_t got = read(HELPER_FD, room, CHUNK);
	if (got <= 0)
		_exit(0);
	helper->in.size -= CHUNK - (size_t)got;
}

/* Integers must be whole, or fault: 2^53 + 1 through each of libjq's functions that we put ours in front of. */
static bool prove(struct helper *helper)
{
	static const char program[] =
		". as [$a, $b] | [$a == $b, $a < $b, ([$b, $a] | sort | .[0] == $a), \"\\($a)\", ({$a} | tojson), "
		"(\"9007199254740993\" | fromjson | . == $a), (if $b == null then $a + 1 else 0 end)] | tojson";
	static const char expected[] = "[false,true,true,\"9007199254740993\",\"{\\\"a\\\":9007199254740993}\",true,0]";
	jq_state *jq = exact_init() ? compile(helper, program) : NULL;
	if (jq == NULL)
		return false;
	exact_begin();
	jv pair = jv_array_append(jv_array(), exact_number(9007199254740993));
	jq_start(jq, jv_array_append(pair, exact_number(9007199254740994)), 0);
	jv value = jq_next(jq);
	bool exact =
		!exact_rounded() && jv_get_kind(value) == JV_KIND_STRING && strcmp(jv_string_value(value), expected) == 0;
	jv_free(value);
	jq_start(jq, jv_array_append(jv_array(), exact_number(9007199254740993)), 0);
	jv_free(jq_next(jq));
	bool noted = exact_rounded();
	jq_teardown(&jq);
	return exact && noted;
}

int expr_helper(void)
{
	static struct helper helper;
	clearenv();
	setenv("TZ", "UTC0", 1);
	tzset();
	jv_nomem_handler(no_memory, NULL);
	buf_init(&helper.in, 0);
	buf_init(&helper.out, 0);
	while (helper.limits.cpu_ms == 0) {
		receive(&helper);
		serve_message(&helper);
	}
	if (!prove(&helper) || !jail_enter(&helper.jail) || !jail_allow(&helper.jail, helper.limits.memory_bytes))
		return WIRE_EXIT_BROKEN;
	answer(&helper, WIRE_HELLO, WIRE_VERSION, "");
	for (;;) {
		send_all(&helper);
		while (serve_message(&helper))
			send_all(&helper);
		receive(&helper);
	}
}
