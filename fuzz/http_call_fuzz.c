/*
 * Whatever the bytes, first line the arguments, second the input, the rest a document or an answer: a request is made
 * or the trouble told, a request's headers keep to their lines, and an answer of any type becomes JSON or trouble.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/json.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/http_call.h"
#include "flow/domain/openapi_call.h"
#include "flow/domain/trouble.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct datum *next(const char **at, const char *end, bool all)
{
	const char *line = memchr(*at, '\n', (size_t)(end - *at));
	const char *stop = line == NULL || all ? end : line;
	struct datum *datum = datum_parse(*at, (size_t)(stop - *at), NULL);
	*at = line == NULL || all ? end : line + 1;
	return datum;
}

static void check_request(struct datum *request)
{
	const struct json *headers = json_get(datum_tree(request), "headers");
	must(json_text(datum_tree(request), "url") != NULL && headers != NULL);
	for (uint32_t i = 0; i < headers->count; i++)
		must(strpbrk(headers->members[i].value.text, "\r\n") == NULL);
}

static void check_answers(struct datum *request, const char *body, size_t size)
{
	static const char *const types[] = {"application/json", "text/plain", "application/x+xml", "", "image/png"};
	struct trouble trouble;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		const struct http_call_answer answer = {.status = 200,
												.content_type = types[i],
												.headers = "A: b\n:\nc\nD: \xff\xc3\n\xfe: x\n",
												.body = body,
												.body_size = size};
		struct datum *output = http_call_output(request, &answer, &trouble);
		if (output != NULL)
			datum_tree(output);
		datum_unref(output);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct trouble trouble;
	struct datum *with = next(&at, end, false), *input = next(&at, end, false);
	const char *rest = at;
	struct datum *document = next(&at, end, true);
	struct datum *made = with == NULL || document == NULL
							 ? NULL
							 : openapi_call_with(datum_tree(with), datum_tree(document), "https://h.test/d", &trouble);
	struct datum *arguments = made != NULL ? made : with;
	struct datum *request = arguments == NULL || input == NULL ? NULL : http_call_request(arguments, input, &trouble);
	if (request != NULL) {
		check_request(request);
		check_answers(request, rest, (size_t)(end - rest));
	}
	datum_unref(request);
	datum_unref(made);
	datum_unref(with);
	datum_unref(input);
	datum_unref(document);
	return 0;
}
