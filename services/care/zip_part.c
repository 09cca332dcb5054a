#include "zip_part.h"

#include <string.h>
#include <zlib.h>

/* After PKWARE's description of the format: the list of all parts is at the end, each entry points at its part. */

enum {
    END_BYTES = 22, END_COMMENT_MAX = 65535, ENTRY_BYTES = 46, HEAD_BYTES = 30, STORED = 0, DEFLATED = 8, ENCRYPTED = 1
};

static uint32_t number16(const uint8_t *at)
{
    return (uint32_t)(at[0] | at[1] << 8);
}

static uint32_t number32(const uint8_t *at)
{
    return number16(at) | number16(at + 2) << 16;
}

bool zip_is(struct slice bytes)
{
    return bytes.bytes >= 4 && !memcmp(bytes.at, "PK\3\4", 4);
}

/* The record that ends the archive, before a comment at most; NULL: there is none. */
static const uint8_t *find_end(struct slice archive)
{
    size_t back_max = END_BYTES + END_COMMENT_MAX;
    for (size_t back = END_BYTES; back <= archive.bytes && back <= back_max; back++) {
        const uint8_t *at = archive.at + archive.bytes - back;
        if (!memcmp(at, "PK\5\6", 4))
            return at;
    }
    return NULL;
}

struct entry { uint32_t flags, method, packed, plain, sum, offset; };

/* 1: found; 0: not there; -1: damaged. */
static int find_entry(struct slice archive, const char *name, struct entry *ret)
{
    const uint8_t *end = find_end(archive);
    if (!end)
        return -1;
    size_t at = number32(end + 16), bytes = strlen(name);
    for (uint32_t left = number16(end + 10); left; left--) {
        if (at > archive.bytes || archive.bytes - at < ENTRY_BYTES || memcmp(archive.at + at, "PK\1\2", 4))
            return -1;
        const uint8_t *entry = archive.at + at;
        size_t named = number16(entry + 28), whole = ENTRY_BYTES + named + number16(entry + 30) + number16(entry + 32);
        if (archive.bytes - at < whole)
            return -1;
        if (named == bytes && !memcmp(entry + ENTRY_BYTES, name, bytes)) {
            *ret = (struct entry){number16(entry + 8), number16(entry + 10), number32(entry + 20), number32(entry + 24),
                                  number32(entry + 16), number32(entry + 42)};
            return 1;
        }
        at += whole;
    }
    return 0;
}

static bool unpack(struct slice packed, uint8_t *to, size_t bytes)
{
    z_stream stream = {.next_in = (uint8_t *)(uintptr_t)packed.at, .avail_in = (uInt)packed.bytes, .next_out = to,
                       .avail_out = (uInt)bytes};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return false;
    int ended = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return ended == Z_STREAM_END && stream.total_out == bytes;
}

static bool refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return false;
}

static bool entry_read(struct slice archive, const struct entry *entry, struct arena *arena, struct slice *ret,
                       const char **ret_why)
{
    if (entry->offset > archive.bytes || archive.bytes - entry->offset < HEAD_BYTES ||
        memcmp(archive.at + entry->offset, "PK\3\4", 4))
        return refuse(ret_why, "the file is damaged");
    const uint8_t *head = archive.at + entry->offset;
    size_t skip = entry->offset + (size_t)HEAD_BYTES + number16(head + 26) + number16(head + 28);
    if (skip > archive.bytes || archive.bytes - skip < entry->packed)
        return refuse(ret_why, "the file is damaged");
    if (entry->flags & ENCRYPTED)
        return refuse(ret_why, "the file is locked with a password: save it without one");
    if ((entry->method != STORED && entry->method != DEFLATED) || entry->plain > PART_BYTES_MAX)
        return refuse(ret_why, "the file is packed in an unusual way, or too large: save it anew, or as CSV");
    struct slice packed = {archive.at + skip, entry->packed};
    uint8_t *plain = arena_alloc(arena, (size_t)entry->plain + 1);
    if (entry->method == STORED && packed.bytes == entry->plain)
        memcpy(plain, packed.at, packed.bytes);
    else if (entry->method == STORED || !unpack(packed, plain, entry->plain))
        return refuse(ret_why, "the file is damaged");
    if (crc32(0, plain, entry->plain) != entry->sum)
        return refuse(ret_why, "the file is damaged");
    *ret = (struct slice){plain, entry->plain};
    return true;
}

bool zip_part(struct slice archive, const char *name, struct arena *arena, struct slice *ret, const char **ret_why)
{
    struct entry entry;
    *ret = (struct slice){0};
    int found = find_entry(archive, name, &entry);
    if (found < 0)
        return refuse(ret_why, "the file is damaged");
    return !found || entry_read(archive, &entry, arena, ret, ret_why);
}
