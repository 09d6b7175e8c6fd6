/*
 * The HTTP side of sign: projects, sites, and documents of a sealed design.  The pure operations have their routes from
 * their own rows.
 */
#ifndef CS_SIGN_SIGN_API_H
#define CS_SIGN_SIGN_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct audit;
struct blobs;
struct buf;
struct countersign;
struct db;
struct env;
struct err;
struct exchange;
struct flow_api;
struct flow_part;
struct id_maker;
struct outbox;
struct packs;
struct router;
struct sign_api;
struct sign_search_call;
struct store;

/* What a stream of events subscribes to, with the permission project.read. */
#define SIGN_TOPIC "projects"

/* What a sign_api works with; all outlives it. */
struct sign_api_options {
	struct store *store;
	const struct packs *packs;
	struct blobs *blobs;
	const struct env *env;
	struct id_maker *ids;
	const struct audit *audit;
	struct countersign *countersign;         /* hears of stamps from here */
	struct outbox *outbox;                   /* what happens to projects, on the topic SIGN_TOPIC */
	const char *version, *git_sha;           /* of the code, for seals */
	const char *geocoder_url, *geocoder_key; /* answers as Google's geocoder does; NULL: none */
	const char *hazard_url;                  /* answers {wind_speed_mph, snow_load_psf, …, version}; NULL: none */
	/* How an address is asked by GET; NULL: over the network.  False when there was no good answer. */
	bool (*fetch)(void *self, const char *url, struct buf *body, struct err *err);
	void *fetch_self;
	bool require_stamp; /* a project is submitted only with its newest design stamped */
	/* The account in which a public quote is sealed, in the arena; NULL: none yet. */
	const char *(*main_account)(void *self, struct arena *arena);
	void *main_self;
	bool public_quote; /* anyone may ask for a quote */
	bool work;         /* fill the search engine's index on a thread of its own */
	/*
	 * Tell the PM system of a project: its answer {project_number} into `answer`.  `project_id` is the key by which it
	 * knows a repetition.  NULL: with a pm_url over the network, else numbers come from the store.
	 */
	bool (*pm)(void *self, const char *project_id, const char *body, struct buf *answer, struct err *err);
	void *pm_self;
	const char *pm_url, *pm_key; /* pm_key: a bearer token, or NULL */
	int64_t pm_open_us;          /* how long it is left alone after three failures; 0: 60 s */
	/* Ask the search engine.  NULL: with a search_url over the network, else the store searches. */
	bool (*search)(void *self, const struct sign_search_call *call, int *status, struct buf *answer, struct err *err);
	void *search_self;
	const char *search_url, *search_login; /* "https://host:9200"; login: user:password, or NULL */
	/* Send a mail.  NULL: none is sent. */
	bool (*mail)(void *self, const char *to, const char *subject, const char *text, struct err *err);
	void *mail_self;
};

/* Documents are drawn with fonts that are kept between requests. */
struct sign_api *sign_api_open(const struct sign_api_options *options);
void sign_api_close(struct sign_api *api);

/* The project of that id in the account may be changed, else ERR_NOT_FOUND or ERR_READ_ONLY.  Any connection. */
bool sign_project_writable(struct db *db, const char *account_id, const char *project_id, struct err *err);

/* In an op: what became of a file of a project, for its events [sign.md 5]. */
struct sign_file {
	const char *account_id, *project_id;
	const char *blob_key, *sha256;
	const char *refusal; /* the code of why it is none; NULL: it is attached */
};
bool sign_project_file(struct sign_api *api, struct db *db, const struct exchange *x, const struct sign_file *file,
					   struct err *err);

/* One of the places that sign asks, and its circuit breaker [P-10.4]. */
struct sign_breaker {
	const char *dest;
	bool open;       /* left alone now */
	uint64_t opened; /* times since the start */
};
bool sign_breaker_at(struct sign_api *api, size_t i, struct sign_breaker *breaker); /* false: there are no more */

/* How often background work of that name ran out of tries since the start.  False: there are no more names. */
bool sign_failures_at(struct sign_api *api, size_t i, const char **name, uint64_t *count);

/*
 * What the search engine says of itself: green, yellow or red, asked whatever the circuit breaker says, for at most
 * 1.8 s.  False: it does not say.  Only with a search_url.  Thread: any.
 */
bool sign_search_status(struct sign_api *api, char colour[16], struct err *err);

/* What steps of projects' tasks do (flow/flow.h).  The engine is to be opened with it before anything is served. */
struct flow_part sign_flow_part(struct sign_api *api);

/* Register every route of sign; their owner is the sign_api. */
void sign_api_add(struct router *router, struct sign_api *api);

#endif
