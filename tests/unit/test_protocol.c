/* PROTOCOL.md says what the programs do: its table of complaint states, cell by cell, and its acts and results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../../services/complaint-router/states.h"

enum { COLUMNS = 3 + case_state_count - 1, CELL_BYTES = 64 };

/* Splits "| a | b |" into cells without spaces and backticks; how many there are. */
static int row_cells(char *line, char cells[COLUMNS + 1][CELL_BYTES])
{
    int count = 0;
    for (char *at = strtok(line, "|"); at && count <= COLUMNS; at = strtok(NULL, "|")) {
        size_t bytes = 0;
        for (; *at && bytes < CELL_BYTES - 1; at++)
            if (!strchr(" `\n", *at))
                cells[count][bytes++] = *at;
        cells[count][bytes] = 0;
        count += bytes > 0;
    }
    return count;
}

static const char *cell_text(enum case_state state, enum case_act_number act)
{
    const char *refusal = NULL;
    enum case_state after = state_after(state, act, &refusal);
    if (after == CASE_NONE)
        return strcmp(refusal, "closed") ? "-" : "x";
    return after == state ? "." : words_name(&case_state_words, after);
}

static void check_act_row(char cells[COLUMNS + 1][CELL_BYTES])
{
    static const char *const rights[] = {
        [RIGHT_HANDLER] = "handler", [RIGHT_APPROVER] = "approver", [RIGHT_ANYBODY] = "anybody"};
    enum case_act_number act = act_of_event(event_number(cells[0]));
    if (act == ACT_COUNT)
        fail_msg("PROTOCOL.md has an act that is none: %s", cells[0]);
    assert_string_equal(cells[1], event_types[act_types[act].result].name);
    assert_string_equal(cells[2], rights[act_types[act].right]);
    for (int state = 1; state < case_state_count; state++)
        if (strcmp(cells[2 + state], cell_text((enum case_state)state, act)))
            fail_msg("PROTOCOL.md: %s in %s says %s, but it is %s", cells[0], words_name(&case_state_words, state),
                     cells[2 + state], cell_text((enum case_state)state, act));
}

static void the_table_of_complaint_states_is_true(void **state)
{
    (void)state;
    char line[1024], cells[COLUMNS + 1][CELL_BYTES];
    int rows = 0, headings = 0;
    FILE *file = fopen("proto/PROTOCOL.md", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (line[0] != '|' || row_cells(line, cells) != COLUMNS)
            continue;
        if (!strncmp(cells[0], "case.", 5)) {
            check_act_row(cells);
            rows++;
        } else if (!strcmp(cells[0], "act")) {
            for (int i = 1; i < case_state_count; i++)
                assert_string_equal(cells[2 + i], words_name(&case_state_words, i));
            headings++;
        }
    }
    fclose(file);
    assert_int_equal(headings, 1);
    assert_int_equal(rows, ACT_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_table_of_complaint_states_is_true)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
