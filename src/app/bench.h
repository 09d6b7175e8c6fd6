/*
 * What `countersign bench` measures: parts of this binary on this machine, each beside a named peer in the same run, so
 * that the ratio means the same on a fast machine and a slow one [platform.md 18].  The wider measurements, of whole
 * products, are the programs of bench/ in the sources.
 *
 * A row is measured BENCH_ROUNDS times, itself and its peer in turn, for a fifth of a second each; the medians count.
 * Thread: the main thread; a row may start its own.
 */
#ifndef CS_APP_BENCH_H
#define CS_APP_BENCH_H

#include <stdbool.h>
#include <stddef.h>

struct bench;
struct config;
struct err;

enum { BENCH_ROUNDS = 5 };

struct bench_row {
	const char *name, *what, *peer;
	double most_us;    /* budget: microseconds a call at most; 0: none */
	double least_rate; /* budget: calls a second at least; 0: none */
	double least;      /* budget: times as fast as the peer at least; 0: none */
	/* Both: microseconds a call.  Negative: it could not be measured. */
	double (*own)(struct bench *bench);
	double (*other)(struct bench *bench);
};

extern const struct bench_row bench_rows[];
extern const size_t bench_rows_count;

/* What rows share: keys, a chain, a sealed result; `folder` is where writes go, on the disk that is measured. */
bool bench_open(struct bench **bench, const char *folder, struct err *err);
void bench_close(struct bench *bench);

struct bench_figures {
	double own_us, other_us; /* medians, a call */
	double ratio;            /* other_us / own_us: how many times as fast as the peer */
	bool within;             /* every budget that the row has */
};

/* False: it could not be measured. */
bool bench_measure(struct bench *bench, const struct bench_row *row, struct bench_figures *figures);

#endif
