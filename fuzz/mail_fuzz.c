/*
 * Addresses, and URLs of servers of mail: what is taken for an address can stand between angle brackets, and no mail
 * has a header that its subject made.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "app/mail.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/must.h"
#include "link/mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int lines_of_head(const char *text)
{
	int lines = 0;
	const char *end = strstr(text, "\r\n\r\n");
	must(end != NULL);
	for (const char *at = text; at < end && (at = strchr(at, '\n')) != NULL && at < end; at++)
		lines++;
	return lines;
}

static void check_message(const char *text)
{
	struct buf out;
	const struct mail mail = {.to = text, .subject = text, .text = text};
	const struct mail plain = {.to = "a@b", .subject = "x", .text = "y"};
	buf_init(&out, 0);
	mail_message(&out, &plain, "robot@sign.example", "id", 0);
	int lines = lines_of_head(buf_text(&out));
	buf_reset(&out);
	mail_message(&out, &mail, "robot@sign.example", "id", 0);
	must(buf_ok(&out) && lines_of_head(buf_text(&out)) == lines);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	arena_init(&arena, 1 << 22);
	const char *text = arena_dupn(&arena, (const char *)data, size);
	if (text != NULL) {
		if (mail_address_valid(text))
			must(strpbrk(text, "<> \r\n\t,;") == NULL && strlen(text) <= 254);
		if (mail_url_valid(text))
			must(strncmp(text, "smtp", 4) == 0 && strpbrk(text, " \r\n") == NULL);
		mail_url_tells(text);
		mail_is_here(text);
		check_message(text);
	}
	arena_fini(&arena);
	return 0;
}
