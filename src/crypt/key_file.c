#include "crypt/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/err.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "crypt/key_internal.h"

static bool fail_io(struct err *err, const char *what, const char *path)
{
	int code = errno;
	enum err_kind kind = code == ENOENT ? ERR_NOT_FOUND : code == EEXIST ? ERR_DUPLICATE : ERR_IO;
	return err_set(err, kind, "cannot %s %s: %s", what, path, strerror(code));
}

static bool write_all(int file, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(file, bytes, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes += written;
		size -= (size_t)written;
	}
	return fsync(file) == 0;
}

/* The new name lasts only when its folder is synced too. */
static bool sync_folder(const char *path)
{
	char copy[PATH_MAX];
	snprintf(copy, sizeof copy, "%s", path);
	int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return false;
	bool synced = fsync(folder) == 0;
	close(folder);
	return synced;
}

/* link() instead of rename(): it refuses a name that exists. */
static bool write_new(const char *path, const char *bytes, size_t size, struct err *err)
{
	char draft[PATH_MAX];
	if (snprintf(draft, sizeof draft, "%s.XXXXXX", path) >= PATH_MAX)
		return err_set(err, ERR_INVALID, "the path is too long: %s", path);
	int file = mkostemp(draft, O_CLOEXEC); /* mode 0600 */
	if (file < 0)
		return fail_io(err, "create", path);
	bool done = write_all(file, bytes, size) && link(draft, path) == 0;
	int code = errno;
	close(file);
	unlink(draft);
	errno = code;
	return (done && sync_folder(path)) || fail_io(err, "write", path);
}

bool key_write(const struct key *key, const char *path, struct err *err)
{
	must(key_private(key));
	char *bytes = NULL;
	BIO *bio = BIO_new(BIO_s_secmem());
	must(bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key_pkey(key), NULL, NULL, 0, NULL, NULL) == 1);
	long size = BIO_get_mem_data(bio, &bytes);
	must(size > 0);
	bool written = write_new(path, bytes, (size_t)size, err);
	BIO_free(bio);
	return written;
}

/* OpenSSL would ask at the terminal. */
static int no_passphrase(char *text, int size, int writing, void *self)
{
	(void)text, (void)size, (void)writing, (void)self;
	return -1;
}

static bool parse(const char *bytes, size_t size, const char *path, struct key **key, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(bytes, (int)size);
	must(bio != NULL);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (pkey == NULL)
		return err_set(err, ERR_INVALID, "%s holds no private key in PEM without a passphrase", path);
	return key_take(pkey, true, key, err);
}

static bool fit_to_read(int file, const char *path, struct err *err)
{
	struct stat status;
	if (fstat(file, &status) != 0)
		return fail_io(err, "read", path);
	if (!S_ISREG(status.st_mode) || status.st_size > KEY_FILE_MAX)
		return err_set(err, ERR_INVALID, "%s is no key file", path);
	if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return err_set(err, ERR_INVALID, "%s must not be accessible to group or others: chmod 600 %s", path, path);
	return true;
}

static bool read_all(int file, char bytes[KEY_FILE_MAX], size_t *size)
{
	*size = 0;
	while (*size < KEY_FILE_MAX) {
		ssize_t got = read(file, bytes + *size, KEY_FILE_MAX - *size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0;
		*size += (size_t)got;
	}
	return true;
}

bool key_read(const char *path, struct key **key, struct err *err)
{
	char bytes[KEY_FILE_MAX];
	size_t size;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return fail_io(err, "read", path);
	bool done = fit_to_read(file, path, err);
	if (done && !read_all(file, bytes, &size))
		done = fail_io(err, "read", path);
	close(file);
	done = done && parse(bytes, size, path, key, err);
	wipe(bytes, sizeof bytes);
	return done;
}
