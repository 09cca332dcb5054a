#include "parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "template_escape.h"

enum { TEXT_BYTES_MAX = 1024 * 1024 };

void outfile_close(struct outfile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

void outfile_follow(struct outfile *file, const char *path)
{
    struct stat found;
    if (file->fd >= 0 && !stat(path, &found) && found.st_ino == file->inode && found.st_dev == file->device)
        return;
    outfile_close(file);
    file->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    file->error = file->fd < 0 ? errno : 0;
    if (file->fd < 0)
        return;
    if (fstat(file->fd, &found))
        found = (struct stat){0};
    file->inode = found.st_ino;
    file->device = found.st_dev;
}

static void write_field(struct buffer *line, const char *name, const char *value)
{
    buffer_string(line, ",\"");
    buffer_string(line, name);
    buffer_string(line, "\":\"");
    template_escape(ESCAPE_JSON, value, TEXT_BYTES_MAX, line);
    buffer_append(line, "\"", 1);
}

static void write_line(const struct parcel *parcel, struct buffer *line)
{
    const struct send_order *order = &parcel->order;
    char attempt[32];
    snprintf(attempt, sizeof attempt, "\",\"attempt\":%d", order->attempt);
    buffer_string(line, "{\"notice\":\"");
    template_escape(ESCAPE_JSON, order->notice, TEXT_BYTES_MAX, line);
    buffer_string(line, attempt);
    write_field(line, "channel", words_name(&notice_channel_words, order->channel));
    write_field(line, "to", parcel->to);
    write_field(line, "name", parcel->name);
    write_field(line, "template", order->template);
    write_field(line, "subject", parcel->subject);
    write_field(line, "text", parcel->text);
    buffer_string(line, "}\n");
}

/* One write, one line: those of several processes do not mix. */
void parcel_file(struct parcel *parcel, const struct outfile *file)
{
    struct buffer *line = &parcel->request;
    int error = file->error;
    write_line(parcel, line);
    ssize_t written = file->fd >= 0 ? write(file->fd, line->at, line->bytes) : -1;
    if (file->fd >= 0 && written < 0)
        error = errno;
    if (written == (ssize_t)line->bytes)
        parcel_fail(parcel, SEND_ACCEPTED, "written");
    else
        parcel_fail(parcel, SEND_TEMPORARY, arena_printf(parcel->arena, "not written: %s", strerror(error)));
}
