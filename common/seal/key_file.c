#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(char message[160], const char *path, const char *what)
{
    snprintf(message, 160, "master key %.90s: %s", path, what);
    return false;
}

static bool write_key(int fd)
{
    uint8_t key[MASTER_KEY_BYTES];
    randombytes_buf(key, sizeof key);
    bool written = write(fd, key, sizeof key) == (ssize_t)sizeof key && !fsync(fd);
    sodium_memzero(key, sizeof key);
    return written;
}

/* Written beside its place and linked there, which only one process can do: whoever reads finds a whole key. */
static bool make_file(const char *path, char message[160])
{
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.%ld", path, (long)getpid()) >= (int)sizeof beside)
        return fail(message, path, "the path is too long");
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(message, path, strerror(errno));
    bool made = write_key(fd) && (!link(beside, path) || errno == EEXIST);
    int error = errno;
    close(fd);
    unlink(beside);
    return made || fail(message, path, strerror(error));
}

static bool read_key(int fd, const char *path, uint8_t ret_key[MASTER_KEY_BYTES], char message[160])
{
    struct stat about;
    if (fstat(fd, &about))
        return fail(message, path, strerror(errno));
    if (about.st_mode & 077)
        return fail(message, path, "others may read it: chmod 600");
    if (about.st_size != MASTER_KEY_BYTES || read(fd, ret_key, MASTER_KEY_BYTES) != MASTER_KEY_BYTES)
        return fail(message, path, "must be exactly 32 bytes; restore it from its backup");
    return true;
}

bool key_file_read(const char *path, uint8_t ret_key[MASTER_KEY_BYTES], char message[160])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        if (!make_file(path, message))
            return false;
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0)
        return fail(message, path, strerror(errno));
    bool good = read_key(fd, path, ret_key, message);
    close(fd);
    return good;
}
