#include "support/broken_playbook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "playbook.h"

static bool is_told(const struct mistakes *mistakes, const char *line)
{
    for (size_t i = 0; i < mistakes->count; i++)
        if (strstr(mistakes->lines[i], line))
            return true;
    return false;
}

static int wrongly_told(const struct broken_playbook *file, const struct mistakes *mistakes)
{
    size_t wanted = 0;
    int wrong = 0;
    for (; wanted < BROKEN_LINES_MAX && file->lines[wanted]; wanted++) {
        if (is_told(mistakes, file->lines[wanted]))
            continue;
        print_error("%swants %s\ngot   %s\n", file->text, file->lines[wanted], mistakes->lines[0]);
        wrong++;
    }
    if (mistakes->count != wanted) {
        print_error("%sgot %zu mistakes, the last is %s\n", file->text, mistakes->count,
                    mistakes->lines[mistakes->count - 1]);
        wrong++;
    }
    return wrong;
}

static int one_wrongly_told(const struct broken_playbook *file)
{
    struct arena *arena = arena_new();
    struct mistakes mistakes = {.file = "p.yaml", .arena = arena};
    struct slice text = {(const uint8_t *)file->text, strlen(file->text)};
    bool taken = playbook_parse(text, arena, &mistakes);
    int wrong = taken || !mistakes.count ? 1 : wrongly_told(file, &mistakes);
    if (taken || !mistakes.count)
        print_error("%s:\n%s\n", taken ? "taken" : "refused without a word", file->text);
    arena_free(&arena);
    return wrong;
}

int broken_playbooks_wrongly_told(const struct broken_playbook *playbooks, size_t count)
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++)
        wrong += one_wrongly_told(&playbooks[i]);
    return wrong;
}
