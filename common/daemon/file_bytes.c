#include "file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool file_bytes(const char *path, size_t bytes_max, struct buffer *to)
{
    char chunk[4096];
    size_t bytes = 0;
    ssize_t got = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while (bytes <= bytes_max && (got = read(fd, chunk, sizeof chunk)) > 0) {
        buffer_append(to, chunk, (size_t)got);
        bytes += (size_t)got;
    }
    int error = bytes > bytes_max ? EFBIG : errno;
    close(fd);
    errno = error;
    return got == 0 && bytes <= bytes_max;
}
