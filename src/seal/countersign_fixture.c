#include "seal/countersign_fixture.h"

#include "core/must.h"
#include "crypt/key.h"
#include "seal/outbox.h"

#define URL "http://127.0.0.1:8080"

void countersign_fixture_open(struct countersign_fixture *f, struct store *store, const struct env *env,
							  struct id_maker *ids, const struct audit *audit)
{
	f->key = key_new(KEY_ES256, env);
	f->outbox = outbox_new(store, env, ids, URL);
	must(f->key != NULL && f->outbox != NULL);
	f->options = (struct countersign_options){
		.env = env, .ids = ids, .audit = audit, .outbox = f->outbox, .receipt_key = f->key, .issuer = URL};
	f->countersign = countersign_new(&f->options);
}

void countersign_fixture_renew(struct countersign_fixture *f)
{
	countersign_free(f->countersign);
	f->countersign = countersign_new(&f->options);
}

void countersign_fixture_close(struct countersign_fixture *f)
{
	countersign_free(f->countersign);
	outbox_free(f->outbox);
	key_free(f->key);
}
