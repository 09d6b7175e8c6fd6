/* What the files of src/people share; nobody else includes it. */
#ifndef CS_PEOPLE_INTERNAL_H
#define CS_PEOPLE_INTERNAL_H

#include "people/people.h"

struct access;

struct people {
	struct people_options options;
	struct access *access;
};

#endif
