/*
 * bench/platform's peer: the same answer as GET /health, from libevent's own HTTP server, one thread, no checks.
 * evhttp_peer PORT BYTES
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer(struct evhttp_request *request, void *body)
{
	struct evbuffer *out = evhttp_request_get_output_buffer(request);
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "application/json");
	evbuffer_add(out, body, strlen(body));
	evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: evhttp_peer PORT BYTES\n", stderr);
		return 2;
	}
	size_t size = (size_t)strtoul(argv[2], NULL, 10);
	char *body = malloc(size + 1);
	struct event_base *base = event_base_new();
	struct evhttp *http = base == NULL ? NULL : evhttp_new(base);
	if (body == NULL || http == NULL ||
		evhttp_bind_socket(http, "127.0.0.1", (uint16_t)strtoul(argv[1], NULL, 10)) != 0) {
		fputs("evhttp_peer: it cannot listen\n", stderr);
		return 1;
	}
	memset(body, 'x', size);
	body[size] = '\0';
	evhttp_set_gencb(http, answer, body);
	return event_base_dispatch(base) < 0;
}
