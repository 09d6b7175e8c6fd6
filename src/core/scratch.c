#include "core/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"

enum { OPEN_FOLDERS_MAX = 16 };

bool scratch_make(char path[SCRATCH_PATH], const char *name, struct err *err)
{
	char made[SCRATCH_PATH];
	const char *parent = getenv("TMPDIR");
	if (parent == NULL || *parent == '\0')
		parent = "/tmp";
	int length = snprintf(made, sizeof made, "%s/countersign-%s-XXXXXX", parent, name);
	if (length < 0 || (size_t)length >= sizeof made)
		return err_set(err, ERR_IO, "the name of the temporary folder %s is too long", parent);
	if (mkdtemp(made) == NULL)
		return err_set(err, ERR_IO, "cannot make a folder in %s: %s", parent, strerror(errno));
	strcpy(path, made);
	return true;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	remove(path);
	return 0;
}

void scratch_remove(const char *path)
{
	nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
