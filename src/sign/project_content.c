#include "sign/project_content.h"

#include <string.h>

#include "core/err.h"
#include "core/field.h"
#include "http/exchange.h"

#define CONTENT_FIELDS \
	F_STR(content, customer, LENGTH(0, 200), DOC("\"\" takes it away")), \
		F_STR(content, description, LENGTH(0, 4000), DOC("\"\" takes it away")), \
		F_STR(content, site_name, LENGTH(0, 200), DOC("\"\" takes it away")), \
		F_STR(content, street, LENGTH(0, 300), DOC("Address; \"\" takes it away")), \
		F_STR(content, account_id, DOC("Must be the caller's own when given")), F_STR(content, project_id), \
		F_STR(content, created_by), F_INT(content, version), \
		F_ENUM(content, status, project_status_names, DOC("The state to move to"))

static const struct field create_fields[] = {
	F_STR(content, name, REQUIRED, LENGTH(1, 200), DOC("What the project is called")), CONTENT_FIELDS};
const struct field_table content_create_table = FIELD_TABLE("projects.create", content, create_fields);

static const struct field update_fields[] = {F_STR(content, name, LENGTH(1, 200), DOC("Absent: as it is")),
											 CONTENT_FIELDS};
const struct field_table content_update_table = FIELD_TABLE("projects.update", content, update_fields);

static void check_text(struct faults *faults, const char *pointer, const char *given_text, const char *own)
{
	if (given_text != NULL && (own == NULL || strcmp(given_text, own) != 0))
		faults_add(faults, pointer, "read_only", "is set by the server");
}

bool content_own(struct exchange *x, const struct content *content, const struct project *own)
{
	struct faults faults;
	faults_init(&faults, &x->arena);
	check_text(&faults, "/account_id", content->account_id, own->account_id);
	check_text(&faults, "/project_id", content->project_id, own->project_id);
	check_text(&faults, "/created_by", content->created_by, own->created_by);
	if (content->version != FIELD_NO_INT && content->version != own->version)
		faults_add(&faults, "/version", "read_only", "is set by the server");
	if (content->status >= 0 && own->version == 0 && content->status != PROJECT_DRAFT)
		faults_add(&faults, "/status", "read_only", "begins as draft");
	if (faults.count > 0)
		exchange_fail_faults(x, ERR_INVALID, &faults);
	return faults.count == 0;
}

static const char *or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : NULL;
}

void content_lay_over(struct project *project, const struct content *content)
{
	const struct {
		const char *from, **to;
	} texts[] = {{content->name, &project->name},
				 {content->customer, &project->customer},
				 {content->description, &project->description},
				 {content->site_name, &project->site_name},
				 {content->street, &project->street}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].from != NULL)
			*texts[i].to = or_null(texts[i].from);
}
