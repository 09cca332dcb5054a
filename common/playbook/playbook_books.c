#include <string.h>

#include "playbook_reading.h"

/* Books: forms counted by what stands in them, and what somebody else states about the same. */

enum { BOOKS_MAX = 64, MONTH_BYTES = 7, YEAR_BYTES = 4 };

static const char *const book_keys[] = {"zh", "en", "counts", "by", "sums", "against", NULL};

/* The field of a form under this node; a mistake if there is none that everybody may read. */
static const struct form_field *find_field(struct playbook_reading *reading, const struct yaml *node, const struct form *form,
                                           const char *name)
{
    const struct form_field *field = form && *name ? form_field(form, name) : NULL;
    if (form && !field)
        yaml_mistake(reading->mistakes, node, "form %s has no field \"%.60s\"", form->name, name);
    if (field && field->personal)
        yaml_mistake(reading->mistakes, node, "\"%.60s\" is personal and sealed: no book can show it", name);
    return field;
}

/* -------- what a page is of */

static bool names_a_page(enum form_field_kind kind)
{
    return kind != FORM_TEXT && kind != FORM_CHOICES && kind != FORM_TIME && kind != FORM_NUMBER;
}

/* NAME, NAME.month or NAME.year. */
static struct book_key read_key(struct playbook_reading *reading, const struct yaml *node, const struct form *form)
{
    const char *text = yaml_text(node, "", reading->mistakes), *point = strchr(text, '.');
    struct book_key key = {.field = text};
    if (point)
        key.field = arena_text(reading->arena, text, (size_t)(point - text));
    if (point)
        key.keep_bytes = !strcmp(point, ".month") ? MONTH_BYTES : !strcmp(point, ".year") ? YEAR_BYTES : 0;
    const struct form_field *field = find_field(reading, node, form, key.field);
    if (field && !names_a_page(field->kind))
        yaml_mistake(reading->mistakes, node, "no page can be of \"%s\": a date, day, choice, link, score, yes_no or staff can",
                     key.field);
    if (point && (!key.keep_bytes || (field && field->kind != FORM_DATE)))
        yaml_mistake(reading->mistakes, node, "\"%.60s\": a date can be cut to its .month or .year", text);
    return key;
}

static void read_keys(struct playbook_reading *reading, const struct yaml *node, const struct yaml *around, struct book *to)
{
    size_t count = reading_count(reading, node, YAML_LIST);
    if (!count || count > BOOK_KEYS_MAX)
        yaml_mistake(reading->mistakes, node ? node : around, "by: one to %d fields that a page is of", BOOK_KEYS_MAX);
    for (size_t i = 0; i < count && i < BOOK_KEYS_MAX; i++)
        to->keys[to->key_count++] = read_key(reading, node->items[i], to->form);
}

/* -------- sums */

static const char *read_number(struct playbook_reading *reading, const struct yaml *node, const struct form *form)
{
    const char *name = yaml_text(node, "", reading->mistakes);
    const struct form_field *field = find_field(reading, node, form, name);
    if (field && field->kind != FORM_NUMBER && field->kind != FORM_SCORE)
        yaml_mistake(reading->mistakes, node, "\"%s\" is no number", name);
    return name;
}

static void read_sums(struct playbook_reading *reading, const struct yaml *node, struct book *to)
{
    size_t count = reading_count(reading, node, YAML_LIST);
    if (count > BOOK_SUMS_MAX)
        yaml_mistake(reading->mistakes, node, "at most %d sums", BOOK_SUMS_MAX);
    for (size_t i = 0; i < count && i < BOOK_SUMS_MAX; i++)
        to->sums[to->sum_count++] = read_number(reading, node->items[i], to->form);
}

/* -------- what somebody states */

/* { form: NAME, count: FIELD, SUM: FIELD }; the statement names the page by fields of the same names. */
static void read_against(struct playbook_reading *reading, const struct yaml *node, struct book *to)
{
    const char *keys[BOOK_SUMS_MAX + 3] = {"form", "count"};
    for (size_t i = 0; i < to->sum_count; i++)
        keys[2 + i] = to->sums[i];
    to->stated_count = "";
    if (!node)
        return;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->against = reading_form(reading, yaml_get(node, "form"));
    if (!yaml_get(node, "form"))
        yaml_mistake(reading->mistakes, node, "form is missing: which form states it?");
    if (yaml_get(node, "count"))
        to->stated_count = read_number(reading, yaml_get(node, "count"), to->against);
    for (size_t i = 0; i < to->sum_count; i++)
        if (yaml_get(node, to->sums[i]))
            to->stated_sums[i] = read_number(reading, yaml_get(node, to->sums[i]), to->against);
    for (size_t i = 0; i < to->key_count; i++)
        find_field(reading, node, to->against, to->keys[i].field);
}

static void read_book(struct playbook_reading *reading, const struct yaml *key, const struct yaml *node, struct book *to)
{
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, book_keys, reading->mistakes);
    to->name = reading_name(reading, key, "book", NULL);
    to->zh = yaml_text(yaml_get(node, "zh"), to->name, reading->mistakes);
    to->en = yaml_text(yaml_get(node, "en"), to->name, reading->mistakes);
    to->form = reading_form(reading, yaml_get(node, "counts"));
    if (!yaml_get(node, "counts") && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "counts is missing: which form is counted?");
    read_keys(reading, yaml_get(node, "by"), node, to);
    read_sums(reading, yaml_get(node, "sums"), to);
    for (size_t i = 0; i < BOOK_SUMS_MAX; i++)
        to->stated_sums[i] = "";
    read_against(reading, yaml_get(node, "against"), to);
}

void reading_books(struct playbook_reading *reading, const struct yaml *node)
{
    struct playbook *playbook = reading->playbook;
    size_t count = reading_count(reading, node, YAML_MAP);
    if (count > BOOKS_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d books", BOOKS_MAX);
        count = BOOKS_MAX;
    }
    playbook->books = reading_array(reading, count, sizeof *playbook->books);
    for (size_t i = 0; i < count; i++)
        read_book(reading, node->keys[i], node->items[i], &playbook->books[playbook->book_count++]);
}
