#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store_check.h"

/* What the parts that differ look like while the pieces between them are cut out: never a member's or a site's text. */
static const char sign_id[] = "\1id", sign_site[] = "\1site", sign_member[] = "\1member";
static const wall_ms sign_due = 0x0123456789abcdef;

static void pack(const char *id, const char *site, const char *member, wall_ms due, wall_ms now, struct buffer *to)
{
    struct buffer data = {0};
    struct timer_fired what = {.entity = member, .due = due};
    record_pack(&timer_fired_record, &what, 0, &data);
    struct event event = event_of(EVENT_TIMER_FIRED);
    event.id = id;
    event.source = stage_names[STAGE_SCHEDULER];
    event.site = site;
    event.time = now;
    event.data = buffer_slice(&data);
    event_pack(&event, to);
    buffer_free(&data);
}

void fired_pack(const struct fired *fired, struct buffer *to)
{
    char id[MEMBER_BYTES_MAX + 64], site[MEMBER_BYTES_MAX + 1];
    const char *entity = fired->member + 2;
    snprintf(site, sizeof site, "%.*s", (int)strcspn(entity, "/"), entity);
    int bytes = snprintf(id, sizeof id, "timer/%s@%lld", fired->member, (long long)fired->due);
    if (bytes > NAME_BYTES_MAX)
        snprintf(id, sizeof id, "timer/%016llx@%lld", (unsigned long long)fired->chain_id, (long long)fired->due);
    pack(id, site, fired->member, fired->due, fired->now, to);
}

/* What stands before the sign goes to *ret, `rest` goes on behind it. */
static void cut(struct slice *rest, const struct buffer *sign, struct slice *ret)
{
    const uint8_t *at = memmem(rest->at, rest->bytes, sign->at, sign->bytes);

    assert(at);
    *ret = (struct slice){rest->at, (size_t)(at - rest->at)};
    rest->bytes -= ret->bytes + sign->bytes;
    rest->at = at + sign->bytes;
}

void fired_pieces_pack(wall_ms now, struct buffer *to, struct slice ret[FIRED_PIECES])
{
    const char *const signs[] = {sign_id, sign_site, sign_member, NULL /* the due time, a number */};
    struct buffer sign = {0};

    pack(sign_id, sign_site, sign_member, sign_due, now, to);
    struct slice rest = buffer_slice(to);
    for (int i = 0; i < FIRED_PIECES - 1; i++) {
        buffer_clear(&sign);
        if (signs[i])
            pack_text(&sign, signs[i]);
        else
            pack_int(&sign, sign_due);
        cut(&rest, &sign, &ret[i]);
    }
    ret[FIRED_PIECES - 1] = rest;
    buffer_free(&sign);
}
