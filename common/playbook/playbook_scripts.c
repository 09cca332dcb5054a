#include <string.h>

#include "playbook_reading.h"

/* Scripts of calls: lines that lead to one another, and phrases to avoid. */

enum { SCRIPTS_MAX = 32, LINES_MAX = 64, REPLIES_MAX = 8, AVOID_MAX = 64 };

static const char *wording(struct playbook_reading *reading, const struct yaml *node, const char *language)
{
    const struct yaml *text = yaml_get(node, language);
    if (!text && node->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, node, "has no wording in \"%s\"", language);
    return yaml_text(text, "", reading->mistakes);
}

/* Items of a list under `node`, at most `max`; each of them is told to be a map with these keys only. */
static size_t read_list(struct playbook_reading *reading, const struct yaml *node, size_t max, const char *const *keys)
{
    size_t count = reading_count(reading, node, YAML_LIST);
    if (count > max) {
        yaml_mistake(reading->mistakes, node, "at most %zu", max);
        count = max;
    }
    for (size_t i = 0; i < count; i++) {
        reading_count(reading, node->items[i], YAML_MAP);
        yaml_known_keys(node->items[i], keys, reading->mistakes);
    }
    return count;
}

/* -------- where a line leads */

static int line_named(struct playbook_reading *reading, const struct yaml *node, const struct script *script)
{
    const char *name = yaml_text(node, "", reading->mistakes);
    const char **known = reading_array(reading, script->line_count + 1, sizeof *known);
    for (size_t i = 0; i < script->line_count; i++) {
        if (*name && !strcmp(script->lines[i].name, name))
            return (int)i;
        known[i] = script->lines[i].name;
    }
    if (*name)
        yaml_mistake(reading->mistakes, node, "this script has no line \"%.60s\"%s", name, reading_hint(reading, name, known));
    return LINE_END;
}

static void read_replies(struct playbook_reading *reading, const struct yaml *node, const struct script *script,
                         struct script_line *to)
{
    static const char *const keys[] = {"reply", "zh", "en", "goto", NULL};
    size_t count = read_list(reading, node, REPLIES_MAX, keys);
    to->replies = reading_array(reading, count, sizeof *to->replies);
    for (size_t i = 0; i < count; i++) {
        const struct yaml *item = node->items[i];
        struct script_reply *reply = &to->replies[to->reply_count++];
        reply->name = reading_name(reading, yaml_get(item, "reply"), "reply: NAME", item);
        reply->zh = wording(reading, item, "zh");
        reply->en = wording(reading, item, "en");
        reply->next = line_named(reading, yaml_get(item, "goto"), script);
        if (!yaml_get(item, "goto") && item->kind == YAML_MAP)
            yaml_mistake(reading->mistakes, item, "which line follows? goto: LINE");
    }
}

static int read_end(struct playbook_reading *reading, const struct yaml *node)
{
    static const int ends[] = {OUTCOME_COMPLETED, OUTCOME_REFUSED, OUTCOME_CALL_BACK, OUTCOME_WRONG_NUMBER};
    int outcome = node ? yaml_word(node, &outcome_words, reading->mistakes) : OUTCOME_NONE;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (outcome == ends[i])
            return outcome;
    if (outcome > 0)
        yaml_mistake(reading->mistakes, node, "a call ends with completed, refused, call_back or wrong_number");
    return OUTCOME_NONE;
}

/* -------- a line */

static void check_line(struct playbook_reading *reading, const struct yaml *node, const struct script_line *line)
{
    const struct yaml *onward = yaml_get(node, "goto");
    if (line->ends && (onward || line->reply_count))
        yaml_mistake(reading->mistakes, node, "the call ends with this line: nothing follows");
    else if (onward && line->reply_count)
        yaml_mistake(reading->mistakes, onward, "the replies say what follows");
    else if (!line->ends && !line->reply_count && line->next == LINE_END && !onward)
        yaml_mistake(reading->mistakes, node, "the script stops here: say how the call ends, as ends: completed");
}

static void read_line(struct playbook_reading *reading, const struct yaml *node, size_t number, const struct script *script)
{
    struct script_line *to = &script->lines[number];
    bool last = number + 1 == script->line_count;
    to->zh = wording(reading, node, "zh");
    to->en = wording(reading, node, "en");
    to->when = reading_conditions(reading, yaml_get(node, "when"), SCOPE_SCRIPT, EVENT_UNKNOWN);
    to->questions = yaml_bool(yaml_get(node, "questions"), false, reading->mistakes);
    to->ends = read_end(reading, yaml_get(node, "ends"));
    read_replies(reading, yaml_get(node, "replies"), script, to);
    to->next = yaml_get(node, "goto") ? line_named(reading, yaml_get(node, "goto"), script)
             : to->ends || to->reply_count || last ? LINE_END : (int)number + 1;
    if (to->when.count && last)
        yaml_mistake(reading->mistakes, node, "the last line is always said: what else would be?");
    if (node->kind == YAML_MAP)
        check_line(reading, node, to);
}

static void name_lines(struct playbook_reading *reading, const struct yaml *node, struct script *to)
{
    for (size_t i = 0; i < to->line_count; i++) {
        const struct yaml *item = node->items[i];
        to->lines[i] = (struct script_line){.next = LINE_END};
        to->lines[i].name = reading_name(reading, yaml_get(item, "say"), "say: NAME", item);
        for (size_t j = 0; j < i; j++)
            if (*to->lines[i].name && !strcmp(to->lines[i].name, to->lines[j].name))
                yaml_mistake(reading->mistakes, item, "line \"%s\" stands there twice", to->lines[i].name);
    }
}

/* -------- the script as a whole */

static void reach(const struct script *script, int number, bool *reached)
{
    while (number != LINE_END && !reached[number]) {
        const struct script_line *line = &script->lines[number];
        reached[number] = true;
        for (size_t i = 0; i < line->reply_count; i++)
            reach(script, line->replies[i].next, reached);
        if (line->when.count && (size_t)number + 1 < script->line_count)
            reach(script, number + 1, reached);
        number = line->next;
    }
}

static void check_reached(struct playbook_reading *reading, const struct yaml *node, const struct script *script)
{
    bool reached[LINES_MAX] = {false};
    if (script->line_count)
        reach(script, 0, reached);
    for (size_t i = 0; i < script->line_count; i++)
        if (!reached[i])
            yaml_mistake(reading->mistakes, node->items[i], "nothing leads to line \"%s\"", script->lines[i].name);
}

static void read_avoid(struct playbook_reading *reading, const struct yaml *node, struct script *to)
{
    static const char *const keys[] = {"zh", "en", "instead", NULL}, *const languages[] = {"zh", "en", NULL};
    size_t count = read_list(reading, node, AVOID_MAX, keys);
    to->avoid = reading_array(reading, count, sizeof *to->avoid);
    for (size_t i = 0; i < count; i++) {
        const struct yaml *item = node->items[i], *instead = yaml_get(item, "instead");
        struct avoided_phrase *phrase = &to->avoid[to->avoid_count++];
        *phrase = (struct avoided_phrase){wording(reading, item, "zh"), wording(reading, item, "en"), "", ""};
        if (!instead) {
            yaml_mistake(reading->mistakes, item, "what is said instead? instead: { zh: …, en: … }");
            continue;
        }
        reading_count(reading, instead, YAML_MAP);
        yaml_known_keys(instead, languages, reading->mistakes);
        phrase->instead_zh = wording(reading, instead, "zh");
        phrase->instead_en = wording(reading, instead, "en");
    }
}

static void read_script(struct playbook_reading *reading, const struct yaml *node, struct script *to)
{
    static const char *const keys[] = {"lines", "avoid", NULL};
    static const char *const line_keys[] = {"say", "zh", "en", "when", "replies", "goto", "questions", "ends", NULL};
    const struct yaml *lines = yaml_get(node, "lines");
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->line_count = read_list(reading, lines, LINES_MAX, line_keys);
    to->lines = reading_array(reading, to->line_count, sizeof *to->lines);
    if (!to->line_count)
        yaml_mistake(reading->mistakes, node, "a script without lines");
    name_lines(reading, lines, to);
    for (size_t i = 0; i < to->line_count; i++)
        read_line(reading, lines->items[i], i, to);
    check_reached(reading, lines, to);
    read_avoid(reading, yaml_get(node, "avoid"), to);
}

void reading_scripts(struct playbook_reading *reading, const struct yaml *node)
{
    struct playbook *playbook = reading->playbook;
    size_t count = reading_count(reading, node, YAML_MAP);
    if (count > SCRIPTS_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d scripts", SCRIPTS_MAX);
        count = SCRIPTS_MAX;
    }
    playbook->scripts = reading_array(reading, count, sizeof *playbook->scripts);
    for (size_t i = 0; i < count; i++) {
        struct script *to = &playbook->scripts[playbook->script_count++];
        to->name = reading_name(reading, node->keys[i], "script", NULL);
        read_script(reading, node->items[i], to);
    }
}

/* -------- a step's */

static bool step_asks(const struct playbook *playbook, const struct step *step, const char *question)
{
    for (size_t i = 0; i < step->questionnaire.count; i++) {
        const struct questionnaire *asked = playbook_questionnaire(playbook, step->questionnaire.at[i].value);
        if (!asked || questionnaire_question(asked, question))
            return true;            /* one that is missing is told elsewhere */
    }
    return false;
}

/* What its conditions ask for must be asked in the call, of some customer at least. */
static void check_asked(struct playbook_reading *reading, const struct yaml *node, const struct script *script,
                        const struct step *step)
{
    static const char prefix[] = "answer.";
    for (size_t i = 0; i < script->line_count; i++)
        for (size_t j = 0; j < script->lines[i].when.count; j++) {
            const char *path = script->lines[i].when.at[j].path;
            if (!strncmp(path, prefix, sizeof prefix - 1) && !step_asks(reading->playbook, step, path + sizeof prefix - 1))
                yaml_mistake(reading->mistakes, node, "line \"%s\" asks for %s, which no questionnaire of this step has",
                             script->lines[i].name, path);
        }
}

void reading_script_of_step(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    static const char *const needs[] = {"no", "required", NULL};
    const struct playbook *playbook = reading->playbook;
    const struct yaml *name = yaml_get(node, "script");
    to->read_back = !strcmp(reading_choice(reading, yaml_get(node, "read_back"), needs), "required");
    to->script = reading_name(reading, name, "script", NULL);
    const struct script *script = playbook_script(playbook, to->script);
    if (script)
        check_asked(reading, name, script, to);
    if (script || !*to->script)
        return;
    const char **known = reading_array(reading, playbook->script_count + 1, sizeof *known);
    for (size_t i = 0; i < playbook->script_count; i++)
        known[i] = playbook->scripts[i].name;
    yaml_mistake(reading->mistakes, name, "no script \"%s\" is described under scripts%s", to->script,
                 reading_hint(reading, to->script, known));
}
