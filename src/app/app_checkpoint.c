/* Signed heads of the audit chain, as this server makes them and knows them again [P-7.4]. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/must.h"
#include "crypt/key.h"
#include "store/store.h"

struct checkpointing {
	struct app *app;
	struct checkpoint_made made;
};

static void sign_checkpoint(const struct key *key, const struct chain_checkpoint *checkpoint,
							struct checkpoint_made *made)
{
	struct buf statement;
	unsigned char signature[KEY_SIGNATURE_SIZE];
	buf_init(&statement, sizeof made->statement - 1);
	chain_checkpoint_write(&statement, checkpoint);
	must(buf_ok(&statement));
	key_sign(key, buf_text(&statement), statement.size, signature);
	hex_encode(made->signature, signature, sizeof signature);
	snprintf(made->statement, sizeof made->statement, "%s", buf_text(&statement));
	buf_fini(&statement);
}

static bool apply_checkpoint(struct db *db, void *self, struct err *err)
{
	struct checkpointing *c = self;
	const struct key *key = app_keys_current(&c->app->keys, KEY_OF_CHECKPOINTS);
	if (!audit_head(db, store_id(c->app->store), AUDIT_STREAM, &c->made.seq, c->made.hash, err))
		return false;
	const struct chain_checkpoint checkpoint = {
		.store_id = store_id(c->app->store),
		.stream = AUDIT_STREAM,
		.seq = c->made.seq,
		.hash = c->made.hash,
		.key_id = key_kid(key),
		.at_us = c->made.at_us,
	};
	sign_checkpoint(key, &checkpoint, &c->made);
	return audit_add_checkpoint(db, &checkpoint, c->made.statement, c->made.signature, err);
}

static bool write_copy(const struct checkpointing *c, struct err *err)
{
	const char *folder = c->app->config.audit.checkpoint_dir;
	if (folder == NULL)
		return true;
	char path[4096];
	snprintf(path, sizeof path, "%s/%s-%s-%012lld.json", folder, store_id(c->app->store), AUDIT_STREAM,
			 (long long)c->made.seq);
	FILE *file = fopen(path, "we");
	if (file == NULL)
		return err_set(err, ERR_IO, "cannot write the checkpoint %s: %s", path, strerror(errno));
	fprintf(file, "{\"signature\":\"%s\",\"statement\":%s}\n", c->made.signature, c->made.statement);
	bool written = fflush(file) == 0 && fsync(fileno(file)) == 0;
	written = fclose(file) == 0 && written;
	return written || err_set(err, ERR_IO, "cannot write the checkpoint %s whole", path);
}

bool app_checkpoint(struct app *app, struct checkpoint_made *made, struct err *err)
{
	struct checkpointing c = {.app = app, .made = {.at_us = env_wall_us(app->env)}};
	if (!store_write(app->store, apply_checkpoint, &c, err) || !write_copy(&c, err))
		return false;
	if (made != NULL)
		*made = c.made;
	return true;
}

bool app_checkpoint_holds(void *self, const char *key_id, const char *statement, const char *signature)
{
	const struct app *app = self;
	unsigned char bytes[KEY_SIGNATURE_SIZE];
	size_t size;
	const struct key *key = ring_find(app->keys.rings[KEY_OF_CHECKPOINTS], key_id, env_wall_us(app->env));
	return key != NULL && hex_decode(signature, strlen(signature), bytes, sizeof bytes, &size) &&
		   key_verify(key, statement, strlen(statement), bytes, size);
}
