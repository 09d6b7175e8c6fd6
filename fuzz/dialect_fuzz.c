/* The check of SQL words: ends on every text, stays inside it, and a translated schema is still one. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/must.h"
#include "store/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *sql = malloc(size + 1);
	must(sql != NULL);
	memcpy(sql, bytes, size);
	sql[size] = '\0';
	struct buf out, again;
	buf_init(&out, 0);
	buf_init(&again, 0);
	bool schema = dialect_check_schema(sql, NULL);
	must(!schema || dialect_check(sql, NULL)); /* what a schema may say a statement may */
	dialect_to_sqlite(&out, sql);
	must(out.size <= 10 * size); /* CREATE FULLTEXT name says much in few words */
	dialect_to_sqlite(&again, buf_text(&out));
	must(strcmp(buf_text(&out), buf_text(&again)) == 0); /* nothing is left to translate */
	buf_fini(&out);
	buf_fini(&again);
	free(sql);
	return 0;
}
