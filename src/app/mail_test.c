#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/mail.h"
#include "core/err.h"
#include "core/scratch.h"

/* Write a mail into a fresh folder and read the one file that is there then. */
static void written(const struct mail *mail, char text[4096])
{
	char folder[SCRATCH_PATH], path[600];
	struct err err;
	struct stat st;
	assert_true(scratch_make(folder, "mail", &err));
	assert_true(mail_write(folder, INT64_C(1795249799000000), "one", mail, &err));
	assert_true(mail_write(folder, INT64_C(1795249799000000), "one", mail, &err)); /* the same file again */
	snprintf(path, sizeof path, "%s/mail", folder);
	DIR *dir = opendir(path);
	int count = 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		snprintf(path, sizeof path, "%s/mail/%s", folder, entry->d_name);
	}
	closedir(dir);
	assert_int_equal(count, 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	FILE *file = fopen(path, "rb");
	text[fread(text, 1, 4095, file)] = '\0';
	fclose(file);
	unlink(path);
	snprintf(path, sizeof path, "%s/mail", folder);
	rmdir(path);
	rmdir(folder);
}

static void a_mail_is_a_message_of_rfc_5322(void **state)
{
	(void)state;
	char text[4096];
	const struct mail mail = {.to = "ada@sign.example", .subject = "A new password", .text = "One\nTwo\n"};
	written(&mail, text);
	assert_ptr_equal(strstr(text, "Date: Sat, 21 Nov 2026 08:29:59 +0000\r\n"), text);
	assert_non_null(strstr(text, "\r\nTo: ada@sign.example\r\nSubject: A new password\r\n"));
	assert_non_null(strstr(text, "\r\n\r\nOne\r\nTwo\r\n"));
}

static void nothing_in_a_header_ends_its_line(void **state)
{
	(void)state;
	char text[4096];
	const struct mail mail = {.to = "a@b\r\nBcc: all@b", .subject = "x\nX-Y: z", .text = ""};
	written(&mail, text);
	assert_non_null(strstr(text, "\r\nTo: a@b  Bcc: all@b\r\nSubject: x X-Y: z\r\n"));
}

/* REF: RFC 2047 section 2 */
static void other_letters_are_an_encoded_word(void **state)
{
	(void)state;
	char text[4096];
	const struct mail mail = {.to = "a@b",
							  .subject = "Gr\xc3\xbc\xc3\x9f"
										 "e",
							  .text = ""};
	written(&mail, text);
	assert_non_null(strstr(text, "\r\nSubject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_is_a_message_of_rfc_5322),
		cmocka_unit_test(nothing_in_a_header_ends_its_line),
		cmocka_unit_test(other_letters_are_an_encoded_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
