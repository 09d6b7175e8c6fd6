#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/bench.h"
#include "app/commands.h"
#include "app/config.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/scratch.h"

/* `bench [NAME]`: a table, or with --json a line of JSON a row. */

static const struct bench_row *row_of(const char *name)
{
	for (size_t i = 0; i < bench_rows_count; i++)
		if (strcmp(bench_rows[i].name, name) == 0)
			return &bench_rows[i];
	return NULL;
}

static void write_budget(struct jw *jw, const struct bench_row *row)
{
	jw_key(jw, "budget");
	jw_object(jw);
	if (row->most_us > 0)
		jw_member_num(jw, "us_at_most", row->most_us);
	if (row->least_rate > 0)
		jw_member_num(jw, "per_s_at_least", row->least_rate);
	if (row->least > 0)
		jw_member_num(jw, "ratio_at_least", row->least);
	jw_object_end(jw);
}

static void print_json(const struct bench_row *row, const struct bench_figures *figures)
{
	struct buf line;
	struct jw jw;
	buf_init(&line, 0);
	jw_init(&jw, &line);
	jw_object(&jw);
	jw_member_str(&jw, "name", row->name);
	jw_member_str(&jw, "what", row->what);
	jw_member_num(&jw, "us", figures->own_us);
	jw_member_num(&jw, "per_s", 1e6 / figures->own_us);
	jw_member_str(&jw, "peer", row->peer);
	jw_member_num(&jw, "peer_us", figures->other_us);
	jw_member_num(&jw, "ratio", figures->ratio);
	write_budget(&jw, row);
	jw_member_bool(&jw, "within", figures->within);
	jw_object_end(&jw);
	puts(buf_text(&line));
	buf_fini(&line);
}

static void print_row(const struct bench_row *row, const struct bench_figures *figures)
{
	char budget[40] = "";
	if (row->most_us > 0)
		snprintf(budget, sizeof budget, "< %.0f us", row->most_us);
	if (row->least_rate > 0)
		snprintf(budget, sizeof budget, "> %.0f /s", row->least_rate);
	if (row->least > 0)
		snprintf(budget, sizeof budget, "ratio > %.0f", row->least);
	printf("%-7s %-32s %10.2f us %10.0f /s %8.2f x  %-24s %-12s %s\n", row->name, row->what, figures->own_us,
		   1e6 / figures->own_us, figures->ratio, row->peer, budget, figures->within ? "yes" : "no");
}

static int measure(const struct cli *cli, const char *folder)
{
	struct bench *bench;
	struct err err;
	int code = CLI_DONE;
	if (!bench_open(&bench, folder, &err))
		return cli_fail(cli, CLI_FAILED, "%s", err.message);
	if (!cli->json)
		printf("%-7s %-32s %13s %13s %10s  %-24s %-12s %s\n", "name", "what", "a call", "rate", "ratio", "to the peer",
			   "budget", "kept");
	for (size_t i = 0; i < bench_rows_count && code == CLI_DONE; i++) {
		struct bench_figures figures;
		const struct bench_row *row = &bench_rows[i];
		if (cli->count > 0 && strcmp(row->name, cli->args[0]) != 0)
			continue;
		if (!bench_measure(bench, row, &figures))
			code = cli_fail(cli, CLI_FAILED, "%s could not be measured in %s", row->name, folder);
		else if (cli->json)
			print_json(row, &figures);
		else
			print_row(row, &figures);
		fflush(stdout);
	}
	bench_close(bench);
	return code;
}

/* Writes are measured on the disk that counts: the data folder's, where there is one; nothing of it is touched. */
static bool make_folder(const char *data, char folder[4096], struct err *err)
{
	char scratch[SCRATCH_PATH];
	snprintf(folder, 4096, "%.4000s/bench-XXXXXX", data);
	if (access(data, W_OK) == 0)
		return mkdtemp(folder) != NULL ||
			   err_set(err, ERR_IO, "cannot make a folder in %.200s: %s", data, strerror(errno));
	if (!scratch_make(scratch, "bench", err))
		return false;
	snprintf(folder, 4096, "%s", scratch);
	return true;
}

int command_bench(const struct cli *cli)
{
	char folder[4096];
	struct arena arena;
	struct config config;
	struct err err;
	if (cli->count > 0 && row_of(cli->args[0]) == NULL)
		return cli_fail(cli, CLI_INVALID, "there is no measurement %s; without a name all are taken", cli->args[0]);
	arena_init(&arena, ARENA_REQUEST_CAP);
	int code = CLI_INVALID;
	if (config_of_cli(cli, &arena, &config, NULL)) {
		if (make_folder(config.data, folder, &err)) {
			code = measure(cli, folder);
			scratch_remove(folder);
		} else {
			code = cli_fail(cli, CLI_FAILED, "%s", err.message);
		}
	}
	arena_fini(&arena);
	return code;
}
