#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "facts.h"
#include "follow_up.h"
#include "ident.h"

/* Books: what forms say, counted page by page in the same commit that keeps the form, so that a page is never wrong. A form
 * that is corrected leaves its page and comes to another. */

enum { LINES_MAX = BOOK_SUMS_MAX + 1 };

/* A form before and after it was filled in, as a book sees it. */
struct booking {
    struct turn *turn;
    const char *site;
    const char *form;               /* local id */
    struct slice before, after;     /* what stands in it; empty: it does not count */
};

/* -------- which page */

static const char *key_value(const struct booking *booking, const struct book_key *key, struct slice fields)
{
    struct arena *arena = turn_arena(booking->turn);
    const char *value = facts_text(fields, key->field, arena);
    if (!*value)
        return "none";
    return key->keep_bytes ? arena_printf(arena, "%.*s", key->keep_bytes, value) : value;
}

/* "" where nothing counts. */
static const char *page_id(const struct booking *booking, const struct book *book, struct slice fields)
{
    struct arena *arena = turn_arena(booking->turn);
    const char *local = book->name;
    if (!fields.bytes)
        return "";
    for (size_t i = 0; i < book->key_count; i++)
        local = arena_printf(arena, "%s.%s", local, key_value(booking, &book->keys[i], fields));
    return ident_make(arena, booking->site, "%s", local);
}

static struct slice keys_pack(const struct booking *booking, const struct book *book, struct slice fields)
{
    struct buffer map = {0};
    pack_map(&map, book->key_count);
    for (size_t i = 0; i < book->key_count; i++) {
        pack_text(&map, book->keys[i].field);
        pack_text(&map, key_value(booking, &book->keys[i], fields));
    }
    struct slice kept = {arena_copy(turn_arena(booking->turn), map.at, map.bytes), map.bytes};
    buffer_free(&map);
    return kept;
}

/* A copy to change, with a line for the count and each sum. */
static struct book_page page_open(const struct booking *booking, const struct book *book, const char *id, struct slice fields)
{
    struct arena *arena = turn_arena(booking->turn);
    const struct book_page *stored = turn_get(booking->turn, ENTITY_BOOK_PAGE, id);
    struct book_page page = {.id = id, .site = booking->site, .book = book->name, .statement = ""};
    struct book_line *lines = arena_alloc(arena, LINES_MAX * sizeof *lines);
    if (stored)
        page = *stored;
    else
        page.keys = keys_pack(booking, book, fields);
    lines[0] = (struct book_line){.name = "count"};
    for (size_t i = 0; i < book->sum_count; i++)
        lines[i + 1] = (struct book_line){.name = book->sums[i]};
    for (size_t i = 0; i <= book->sum_count; i++)
        for (size_t k = 0; k < page.lines.count; k++)
            if (!strcmp(page.lines.at[k].name, lines[i].name))
                lines[i] = page.lines.at[k];
    page.lines = (struct book_line_list){lines, book->sum_count + 1};
    return page;
}

static void page_store(const struct booking *booking, struct book_page *page)
{
    page->changed_at = turn_now(booking->turn);
    turn_put(booking->turn, ENTITY_BOOK_PAGE, page->id, page, 0,
             arena_printf(turn_arena(booking->turn), "book/%s/%s/%s", page->site, page->book, page->id));
}

/* -------- telling */

static void sums_pack(const struct book_page *page, struct buffer *to)
{
    for (size_t i = 1; i < page->lines.count; i++) {
        const struct book_line *line = &page->lines.at[i];
        struct buffer stated = {0};
        buffer_printf(&stated, "stated_%s", line->name);
        pack_text(to, line->name);
        pack_int(to, line->booked);
        pack_text(to, buffer_text(&stated));
        pack_int(to, line->stated);
        buffer_free(&stated);
    }
}

static struct slice page_fields(const struct booking *booking, const struct book_page *page)
{
    struct cursor cursor = cursor_over(page->keys);
    struct buffer map = {0};
    size_t pairs = 0;
    cursor_map(&cursor, &pairs);
    pack_map(&map, pairs + 2 * (page->lines.count - 1));
    pack_raw(&map, (struct slice){cursor.at, (size_t)(page->keys.at + page->keys.bytes - cursor.at)});
    sums_pack(page, &map);
    struct slice kept = {arena_copy(turn_arena(booking->turn), map.at, map.bytes), map.bytes};
    buffer_free(&map);
    return kept;
}

/* What nobody states cannot differ. */
static bool page_agrees(const struct book *book, const struct book_page *page)
{
    bool agrees = page->stated;
    for (size_t i = 0; i < page->lines.count; i++) {
        const char *told = i ? book->stated_sums[i - 1] : book->stated_count;
        agrees &= !*told || page->lines.at[i].booked == page->lines.at[i].stated;
    }
    return agrees;
}

static void page_say(const struct booking *booking, const struct book *book, const char *id, enum event_number number)
{
    const struct book_page *page = turn_get(booking->turn, ENTITY_BOOK_PAGE, id);
    const struct book_line *count = &page->lines.at[0];
    struct book_changed say = {
        .about = ident_local(page->id), .book = page->book, .fields = page_fields(booking, page), .count = count->booked,
        .stated_count = count->stated, .difference = count->booked - count->stated, .stated = page->stated,
        .agrees = page_agrees(book, page),
    };
    struct event like = event_of(number);
    like.subject = page->id;
    turn_emit(booking->turn, number, &say, &like);
}

/* -------- counting */

static int64_t number_in(const struct booking *booking, struct slice fields, const char *name)
{
    const char *text = *name && fields.bytes ? facts_text(fields, name, turn_arena(booking->turn)) : "";
    return strtoll(text, NULL, 10);
}

static bool sums_differ(const struct booking *booking, const struct book *book)
{
    for (size_t i = 0; i < book->sum_count; i++)
        if (number_in(booking, booking->before, book->sums[i]) != number_in(booking, booking->after, book->sums[i]))
            return true;
    return false;
}

static void page_count(const struct booking *booking, const struct book *book, const char *id, struct slice fields, int by)
{
    struct book_page page = page_open(booking, book, id, fields);
    page.lines.at[0].booked += by;
    for (size_t i = 0; i < book->sum_count; i++)
        page.lines.at[i + 1].booked += by * number_in(booking, fields, book->sums[i]);
    page_store(booking, &page);
}

static void book_count(const struct booking *booking, const struct book *book)
{
    const char *from = page_id(booking, book, booking->before), *to = page_id(booking, book, booking->after);
    if (!strcmp(from, to) && !sums_differ(booking, book))
        return;
    if (*from)
        page_count(booking, book, from, booking->before, -1);
    if (*to)
        page_count(booking, book, to, booking->after, 1);
    if (*from && strcmp(from, to))
        page_say(booking, book, from, EVENT_BOOK_COUNTED);
    if (*to)
        page_say(booking, book, to, EVENT_BOOK_COUNTED);
}

/* -------- what somebody states */

/* `fields` empty: it is not stated any more. */
static void page_state(const struct booking *booking, const struct book *book, const char *id, struct slice fields)
{
    struct book_page page = page_open(booking, book, id, fields);
    page.stated = fields.bytes != 0;
    page.statement = fields.bytes ? booking->form : "";
    page.lines.at[0].stated = number_in(booking, fields, book->stated_count);
    for (size_t i = 0; i < book->sum_count; i++)
        page.lines.at[i + 1].stated = number_in(booking, fields, book->stated_sums[i]);
    page_store(booking, &page);
    page_say(booking, book, id, EVENT_BOOK_STATED);
}

static void book_state(const struct booking *booking, const struct book *book)
{
    const char *from = page_id(booking, book, booking->before), *to = page_id(booking, book, booking->after);
    if (*from && strcmp(from, to))
        page_state(booking, book, from, (struct slice){0});
    if (*to)
        page_state(booking, book, to, booking->after);
}

void books_follow(struct turn *turn, const struct playbook *playbook, const struct filled_form *before,
                  const struct filled_form *after)
{
    const struct booking booking = {
        .turn = turn, .site = after->site, .form = ident_local(after->id),
        .before = before && before->complete ? before->fields : (struct slice){0},
        .after = after->complete ? after->fields : (struct slice){0},
    };
    for (size_t i = 0; i < playbook->book_count; i++) {
        const struct book *book = &playbook->books[i];
        if (!strcmp(book->form->name, after->form))
            book_count(&booking, book);
        if (book->against && !strcmp(book->against->name, after->form))
            book_state(&booking, book);
    }
}
