#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/config.h"
#include "app/fact.h"
#include "app/ops.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "seal/pack.h"
#include "sign/domain/aisc_shapes.h"

/* The packs a server with this configuration would use. */
struct view {
	const struct cli *cli;
	struct app_ops ops;
	struct packs *packs;
	struct arena arena;
	struct config config;
};

static int view_open(struct view *view, const struct cli *cli)
{
	*view = (struct view){.cli = cli};
	app_ops_init(&view->ops);
	arena_init(&view->arena, ARENA_REQUEST_CAP);
	if (!config_of_cli(cli, &view->arena, &view->config, NULL))
		return CLI_INVALID;
	struct err err;
	if (!app_packs_open(&view->ops, view->config.packs.folder, &view->packs, &err))
		return cli_fail(cli, CLI_WRONG, "%s", err.message);
	return CLI_DONE;
}

static void view_close(struct view *view)
{
	packs_free(view->packs);
	arena_fini(&view->arena);
}

static void print_row(const struct cli *cli, const struct pack *pack)
{
	if (!cli->json) {
		printf("%-22s %-5s %s  %s\n", pack->name, pack->version, pack->sha256,
			   pack->effective_from != NULL ? pack->effective_from : "");
		return;
	}
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "name", pack->name);
	jw_member_str(&jw, "version", pack->version);
	jw_member_str(&jw, "sha256", pack->sha256);
	jw_member_str(&jw, "effective_from", pack->effective_from);
	jw_member_str(&jw, "source", pack->source);
	jw_object_end(&jw);
	puts(buf_text(&buf));
	buf_fini(&buf);
}

int command_packs_list(const struct cli *cli)
{
	struct view view;
	int code = view_open(&view, cli);
	const struct pack *pack;
	for (size_t i = 0; code == CLI_DONE && (pack = packs_at(view.packs, i)) != NULL; i++)
		print_row(cli, pack);
	view_close(&view);
	return code;
}

static int show(struct view *view)
{
	const char *version = view->cli->count > 1 ? view->cli->args[1] : NULL;
	const struct pack *pack = packs_find(view->packs, view->cli->args[0], version, NULL);
	if (pack == NULL)
		return cli_fail(view->cli, CLI_INVALID, "there is no pack %s%s%s", view->cli->args[0],
						version != NULL ? " " : "", version != NULL ? version : "");
	return cli_write(stdout, pack->bytes, pack->size) ? CLI_DONE : CLI_FAILED;
}

int command_packs_show(const struct cli *cli)
{
	struct view view;
	int code = view_open(&view, cli);
	if (code == CLI_DONE)
		code = show(&view);
	view_close(&view);
	return code;
}

int command_packs_verify(const struct cli *cli)
{
	struct view view;
	int code = view_open(&view, cli); /* opening decodes and self-checks every pack */
	size_t count = 0;
	while (code == CLI_DONE && packs_at(view.packs, count) != NULL)
		count++;
	struct fact fact;
	if (code == CLI_DONE && cli->json) {
		struct jw *result = fact_begin(&fact);
		jw_member_int(result, "packs", (int64_t)count);
		jw_member_bool(result, "ok", true);
		code = fact_end(&fact, code);
	} else if (code == CLI_DONE) {
		printf("%zu packs OK\n", count);
	}
	view_close(&view);
	return code;
}

/* Written whole or not at all: temp file, fsync, rename. */
static bool write_new(const char *path, const char *bytes, size_t size, struct err *err)
{
	char temporary[4200];
	snprintf(temporary, sizeof temporary, "%s.new", path);
	int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (file < 0)
		return err_set(err, ERR_IO, "cannot write %s: %s", temporary, strerror(errno));
	bool written = write(file, bytes, size) == (ssize_t)size && fsync(file) == 0;
	written = close(file) == 0 && written;
	if (!written || rename(temporary, path) != 0) {
		int why = errno;
		unlink(temporary);
		return err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(why));
	}
	return true;
}

static int add(struct view *view, const struct buf *file)
{
	struct err err;
	size_t before = 0, after = 0;
	while (packs_at(view->packs, before) != NULL)
		before++;
	if (!packs_add(view->packs, buf_text(file), file->size, true, &err))
		return cli_fail(view->cli, CLI_INVALID, "%s: %s", view->cli->args[0], err.message);
	while (packs_at(view->packs, after) != NULL)
		after++;
	if (after == before)
		return cli_fail(view->cli, CLI_DONE, "the pack is there already");
	const struct json *tree;
	if (!yaml_parse(&view->arena, buf_text(file), file->size, &tree, &err))
		return cli_fail(view->cli, CLI_INVALID, "%s", err.message);
	char path[4096];
	snprintf(path, sizeof path, "%s/%s_%s.yaml", view->config.packs.folder, json_text(tree, "name"),
			 json_text(tree, "version"));
	if ((mkdir(view->config.data, 0700) != 0 && errno != EEXIST) ||
		(mkdir(view->config.packs.folder, 0700) != 0 && errno != EEXIST))
		return cli_fail(view->cli, CLI_FAILED, "cannot make %s: %s", view->config.packs.folder, strerror(errno));
	if (!write_new(path, buf_text(file), file->size, &err))
		return cli_fail(view->cli, CLI_FAILED, "%s", err.message);
	print_row(view->cli, packs_find(view->packs, json_text(tree, "name"), json_text(tree, "version"), NULL));
	return cli_fail(view->cli, CLI_DONE, "written to %s; a running server reads it at its next start", path);
}

int command_packs_add(const struct cli *cli)
{
	struct view view;
	struct buf file;
	struct err err;
	enum { PACK_MAX = 64 << 20 };
	buf_init(&file, 0);
	int code = view_open(&view, cli);
	if (code == CLI_DONE)
		code = cli_read(cli->args[0], PACK_MAX, &file, &err) ? add(&view, &file)
															 : cli_fail(cli, CLI_FAILED, "%s", err.message);
	view_close(&view);
	buf_fini(&file);
	return code;
}

/* The next version of a pack: one more than the newest. */
static void next_version(const struct packs *packs, const char *name, char version[32])
{
	const struct pack *newest = packs_find(packs, name, NULL, NULL);
	snprintf(version, 32, "v%ld", newest != NULL ? strtol(newest->version + 1, NULL, 10) + 1 : 1);
}

static int import(struct view *view, const struct buf *csv)
{
	struct aisc_counts counts = {.count = 0};
	struct buf pack;
	struct err err;
	char version[32];
	buf_init(&pack, 0);
	next_version(view->packs, "aisc_shapes", version);
	bool read = aisc_import(buf_text(csv), csv->size, version, &pack, &counts, &err);
	int code = read ? add(view, &pack) : cli_fail(view->cli, CLI_INVALID, "%s: %s", view->cli->args[0], err.message);
	for (size_t i = 0; code == CLI_DONE && i < counts.count; i++)
		printf("%-8s %zu rows\n", counts.items[i].type, counts.items[i].rows);
	buf_fini(&pack);
	return code;
}

int command_packs_import_aisc(const struct cli *cli)
{
	struct view view;
	struct buf csv;
	struct err err;
	buf_init(&csv, 0);
	int code = view_open(&view, cli);
	if (code == CLI_DONE)
		code = cli_read(cli->args[0], AISC_CSV_MAX, &csv, &err) ? import(&view, &csv)
																: cli_fail(cli, CLI_FAILED, "%s", err.message);
	view_close(&view);
	buf_fini(&csv);
	return code;
}
