#include "people/page.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/err.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "http/exchange.h"

enum { MAC = 16, BYTES_MAX = MAC + PAGE_AFTER_MAX };

static void make_mac(const unsigned char key[PAGE_KEY], const char *filter, const char *after, size_t size,
					 unsigned char mac[SHA256_SIZE])
{
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, "%zu:%s:", strlen(filter), filter);
	buf_add(&text, after, size);
	must(buf_ok(&text));
	hmac_sha256(key, PAGE_KEY, text.bytes, text.size, mac);
	buf_fini(&text);
}

const char *page_cursor(struct arena *arena, const unsigned char key[PAGE_KEY], const char *filter, const char *after)
{
	unsigned char bytes[BYTES_MAX], mac[SHA256_SIZE];
	char text[BASE64URL_LENGTH(BYTES_MAX) + 1];
	size_t size = strlen(after);
	must(size <= PAGE_AFTER_MAX);
	make_mac(key, filter, after, size, mac);
	memcpy(bytes, mac, MAC);
	memcpy(bytes + MAC, after, size);
	base64url_encode(text, bytes, MAC + size);
	return arena_dup(arena, text);
}

bool page_after(const unsigned char key[PAGE_KEY], const char *filter, const char *cursor,
				char after[PAGE_AFTER_MAX + 1], struct err *err)
{
	unsigned char bytes[BYTES_MAX], mac[SHA256_SIZE];
	size_t size = 0;
	after[0] = '\0';
	if (cursor == NULL)
		return true;
	if (!base64url_decode(cursor, strlen(cursor), bytes, sizeof bytes, &size) || size < MAC)
		return err_set(err, ERR_CURSOR_INVALID, "This cursor is none that a list gave.");
	make_mac(key, filter, (const char *)bytes + MAC, size - MAC, mac);
	if (!same_bytes(mac, bytes, MAC))
		return err_set(err, ERR_CURSOR_INVALID, "This cursor belongs to another list or another filter.");
	memcpy(after, bytes + MAC, size - MAC);
	after[size - MAC] = '\0';
	return true;
}

static void add_escaped(struct buf *out, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
					 strchr("-._~", byte) != NULL;
		if (plain)
			buf_addc(out, (char)byte);
		else
			buf_addf(out, "%%%c%c", hex[byte >> 4], hex[byte & 15]);
	}
}

void page_link(struct exchange *x, const char *cursor)
{
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, "<%s?", x->path);
	for (size_t i = 0; i < x->query_count; i++) {
		if (strcmp(x->query[i].name, "cursor") == 0)
			continue;
		add_escaped(&text, x->query[i].name);
		buf_addc(&text, '=');
		add_escaped(&text, x->query[i].value);
		buf_addc(&text, '&');
	}
	buf_addf(&text, "cursor=%s>; rel=\"next\"", cursor);
	if (buf_ok(&text))
		exchange_set(x, "Link", buf_text(&text));
	buf_fini(&text);
}

bool paging_begin(struct paging *paging, struct exchange *x, const unsigned char key[PAGE_KEY], const char *filter,
				  int64_t limit, const char *cursor, struct err *err)
{
	*paging = (struct paging){.x = x, .filter = filter, .limit = limit};
	memcpy(paging->key, key, PAGE_KEY);
	if (filter == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	return page_after(key, filter, cursor, paging->after, err);
}

bool paging_takes(struct paging *paging)
{
	paging->more = paging->count == paging->limit;
	if (!paging->more)
		paging->count++;
	return !paging->more;
}

const char *paging_end(struct paging *paging, const char *last)
{
	if (!paging->more)
		return NULL;
	const char *cursor = page_cursor(&paging->x->arena, paging->key, paging->filter, last);
	if (cursor != NULL)
		page_link(paging->x, cursor);
	return cursor;
}
