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

static void sign_pack(enum fired_part part, struct buffer *to)
{
    const char *const texts[] = {[FIRED_ID] = sign_id, [FIRED_SITE] = sign_site, [FIRED_MEMBER] = sign_member};
    if (part == FIRED_DUE)
        pack_int(to, sign_due);
    else
        pack_text(to, texts[part]);
}

/* The first part that stands in `bytes`; what is before it goes to *ret_before, `bytes` goes on behind it. */
static enum fired_part cut(struct slice *bytes, struct slice *ret_before)
{
    const uint8_t *first = NULL;
    enum fired_part first_part = 0;
    size_t first_bytes = 0;
    for (int part = FIRED_ID; part <= FIRED_PARTS; part++) {
        struct buffer sign = {0};
        sign_pack(part, &sign);
        const uint8_t *at = memmem(bytes->at, bytes->bytes, sign.at, sign.bytes);
        if (at && (!first || at < first)) {
            first = at;
            first_part = part;
            first_bytes = sign.bytes;
        }
        buffer_free(&sign);
    }
    assert(first);
    *ret_before = (struct slice){bytes->at, (size_t)(first - bytes->at)};
    bytes->bytes -= (size_t)(first - bytes->at) + first_bytes;
    bytes->at = first + first_bytes;
    return first_part;
}

void fired_pieces_pack(wall_ms now, struct buffer *to, struct fired_pieces *ret)
{
    pack(sign_id, sign_site, sign_member, sign_due, now, to);
    struct slice rest = buffer_slice(to);
    for (int i = 0; i < FIRED_PARTS; i++)
        ret->between[i] = cut(&rest, &ret->bytes[i]);
    ret->bytes[FIRED_PARTS] = rest;
}
