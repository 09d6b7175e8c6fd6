#include "app/migrations.h"

#include <stdlib.h>

#include "core/embedded.h"
#include "core/must.h"

extern const struct embedded embedded_migrations[];

const struct store_migration *app_migrations(struct store_migration *steps, size_t room, size_t *count)
{
	*count = 0;
	for (const struct embedded *file = embedded_migrations; file->name != NULL; file++) {
		must(*count < room);
		steps[(*count)++] =
			(struct store_migration){.number = atoi(file->name), .name = file->name, .sql = file->bytes};
	}
	return steps;
}
