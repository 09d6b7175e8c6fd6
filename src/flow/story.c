#include "flow/story.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/journal.h"
#include "flow/runner.h"
#include "flow/runs_repo.h"

struct definition *story_definition(struct runner *runner, struct db *db, const struct run_record *record,
									struct arena *arena, struct err *err)
{
	const char *text;
	size_t size;
	char sha256[65];
	struct definition_problems problems = {.arena = arena};
	if (!runs_definition(db, record->definition_sha256, arena, &text, &size, err))
		return NULL;
	if (text == NULL) {
		err_set(err, ERR_INTERNAL, "The definition of run %s is missing.", record->run_id);
		return NULL;
	}
	struct definition *definition = runner_definition(runner, text, size, sha256, &problems, err);
	if (definition == NULL && problems.list.count > 0)
		err_set(err, ERR_INTERNAL, "The definition of run %s: %s", record->run_id, problems.list.items[0].message);
	return definition;
}

bool story_open(struct story *story, struct runner *runner, struct db *db, const struct run_record *record,
				struct arena *arena, struct err *err)
{
	return story_open_at(story, runner, db, record, JOURNAL_TO_ITS_END, arena, err);
}

bool story_open_at(struct story *story, struct runner *runner, struct db *db, const struct run_record *record,
				   int64_t to, struct arena *arena, struct err *err)
{
	*story = (struct story){.definition = story_definition(runner, db, record, arena, err)};
	if (story->definition == NULL)
		return false;
	run_init(&story->run, definition_ir(story->definition), record->run_id, record->seed);
	steps_init(&story->steps);
	story->run.watch = steps_watch;
	story->run.watch_self = &story->steps;
	if (journal_fold(db, record->run_id, to, &story->run, err))
		return true;
	story_close(story);
	return false;
}

void story_close(struct story *story)
{
	steps_fini(&story->steps);
	run_fini(&story->run);
	definition_unref(story->definition);
}
