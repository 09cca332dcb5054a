#include "parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *line_of(const struct parcel *parcel)
{
    const char *channel = words_name(&notice_channel_words, parcel->order.channel);
    json_t *line = json_pack("{s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:s}", "notice", parcel->order.notice,
                             "attempt", parcel->order.attempt, "channel", channel, "to", parcel->to,
                             "name", parcel->name, "template", parcel->order.template,
                             "subject", parcel->subject, "text", parcel->text);
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    return text;
}

void parcel_file(struct parcel *parcel)
{
    char *line = line_of(parcel);
    int fd = open(parcel->gateway->url, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    size_t bytes = line ? strlen(line) : 0;
    if (line)
        line[bytes] = '\n';         /* over the NUL: one write, one line */
    bool written = line && fd >= 0 && write(fd, line, bytes + 1) == (ssize_t)bytes + 1;
    if (written)
        parcel_fail(parcel, SEND_ACCEPTED, "written");
    else
        parcel_fail(parcel, SEND_TEMPORARY, arena_printf(parcel->arena, "not written: %s", strerror(errno)));
    if (fd >= 0)
        close(fd);
    free(line);
}
