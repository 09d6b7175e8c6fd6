#include "flow/mcp.h"

#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "flow/domain/http_call.h"
#include "flow/domain/mcp_call.h"
#include "flow/domain/trouble.h"
#include "link/outgoing.h"

enum {
	ANSWER_MAX = 1 << 20,
	HEADERS_MAX = 64, /* lines of one request */
	BYE_MS = 2000,    /* for the last word: nobody waits for what comes of it */
};

int64_t mcp_left_ms(const struct mcp_question *question)
{
	int64_t left = (question->until_us - env_mono_us(question->env)) / 1000;
	return left < 1 ? 1 : left;
}

/* Its lines, and those that the session has by now. */
static void say_headers(struct mcp_session *session, const struct mcp_question *question,
						const char *lines[HEADERS_MAX])
{
	size_t count = 0;
	for (; question->headers[count] != NULL && count < HEADERS_MAX - 3; count++)
		lines[count] = question->headers[count];
	if (session->version != NULL)
		lines[count++] = arena_printf(&session->arena, "MCP-Protocol-Version: %s", session->version);
	if (session->id != NULL)
		lines[count++] = arena_printf(&session->arena, "Mcp-Session-Id: %s", session->id);
	lines[count] = NULL;
}

static bool ask(struct mcp_session *session, const struct mcp_question *question, struct outgoing_request *request,
				struct outgoing_answer *answer, struct trouble *trouble)
{
	const char *lines[HEADERS_MAX];
	struct err err;
	say_headers(session, question, lines);
	request->url = json_text(question->request, "url");
	request->headers = lines;
	request->body_size = request->body == NULL ? 0 : strlen(request->body);
	request->limit = ANSWER_MAX;
	request->digest_user = question->digest_user;
	request->digest_password = question->digest_password;
	request->given_up = question->given_up;
	request->self = question->self;
	outgoing_answer_init(answer);
	bool asked = outgoing_ask(question->outgoing, request, answer, &err);
	session->status = answer->status;
	session->refused = answer->refused;
	return asked || trouble_set(trouble, err.kind == ERR_DEADLINE ? TROUBLE_TIMEOUT : TROUBLE_COMMUNICATION,
								answer->refused            ? "Address not allowed"
								: err.kind == ERR_DEADLINE ? "Timeout"
														   : "No answer",
								"%s", err.message);
}

static struct http_call_answer read(const struct outgoing_answer *answer)
{
	return (struct http_call_answer){.status = answer->status,
									 .content_type = answer->content_type,
									 .headers = buf_text(&answer->headers),
									 .body = buf_text(&answer->body),
									 .body_size = answer->body.size};
}

/* The value of that header; NULL: there is none. */
static const char *value_of(struct arena *arena, const char *lines, const char *name)
{
	size_t size = strlen(name);
	for (; *lines != '\0'; lines += strcspn(lines, "\n"), lines += *lines == '\n')
		if (strncasecmp(lines, name, size) == 0 && lines[size] == ':') {
			const char *value = lines + size + 1 + strspn(lines + size + 1, " \t");
			return arena_printf(arena, "%.*s", (int)strcspn(value, "\r\n"), value);
		}
	return NULL;
}

static bool greet(struct mcp_session *session, const struct mcp_question *question, struct trouble *trouble)
{
	struct outgoing_request request = {
		.method = "POST", .body = json_text(question->request, "hello"), .timeout_ms = mcp_left_ms(question)};
	struct outgoing_answer answer;
	if (ask(session, question, &request, &answer, trouble)) {
		const struct http_call_answer got = read(&answer);
		session->version = mcp_call_version(question->request, &got, &session->arena, trouble);
	}
	if (session->version != NULL)
		session->id = value_of(&session->arena, buf_text(&answer.headers), "Mcp-Session-Id");
	outgoing_answer_fini(&answer);
	return session->version != NULL;
}

static bool confirm(struct mcp_session *session, const struct mcp_question *question, struct trouble *trouble)
{
	struct outgoing_request request = {
		.method = "POST", .body = MCP_CALL_INITIALIZED, .timeout_ms = mcp_left_ms(question)};
	struct outgoing_answer answer;
	bool taken = ask(session, question, &request, &answer, trouble);
	if (taken) {
		const struct http_call_answer got = read(&answer);
		taken = mcp_call_taken(question->request, &got, trouble);
	}
	outgoing_answer_fini(&answer);
	return taken;
}

bool mcp_session_open(struct mcp_session *session, const struct mcp_question *question, struct trouble *trouble)
{
	*session = (struct mcp_session){.status = 0};
	arena_init(&session->arena, ANSWER_MAX);
	return greet(session, question, trouble) && confirm(session, question, trouble);
}

void mcp_session_close(struct mcp_session *session, const struct mcp_question *question)
{
	if (session->id != NULL && !question->given_up(question->self)) {
		struct outgoing_request request = {.method = "DELETE", .timeout_ms = BYE_MS};
		struct outgoing_answer answer;
		struct trouble trouble;
		(void)ask(session, question, &request, &answer, &trouble);
		outgoing_answer_fini(&answer);
	}
	arena_fini(&session->arena);
}
