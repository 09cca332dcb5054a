#include "docket.h"

#include <string.h>

/* What conditions of grade rules are asked about. */
struct said_facts {
    const struct docket *docket;
    const struct complaint_received *said;
    bool repeat;
    struct condition_facts facts;
};

/* -------- category */

static bool also_has(const struct texts *also, const char *name)
{
    for (size_t i = 0; i < also->count; i++)
        if (!strcmp(also->at[i], name))
            return true;
    return false;
}

static void also_add(struct docket *docket, int category)
{
    struct complaint_case *file = &docket->file;
    const char *name = words_name(&category_words, category);
    if (category != file->category && file->also.count < CASE_ALSO_MAX && !also_has(&file->also, name))
        file->also.at[file->also.count++] = name;
}

static int category_of_code(const struct docket *docket, const char *code)
{
    int category = complaint_category_of_code(docket->rules, code);
    return category ? category : CATEGORY_OTHER;
}

static int category_main(const struct docket *docket, const struct complaint_received *said)
{
    if (said->category)
        return said->category;
    if (said->codes.count)
        return category_of_code(docket, said->codes.at[0]);
    int category = complaint_category_of_text(docket->rules, said->text);
    return category ? category : CATEGORY_OTHER;
}

static void classify_category(struct docket *docket, const struct complaint_received *said)
{
    docket->file.category = category_main(docket, said);
    docket->file.also.at = arena_alloc(docket->arena, CASE_ALSO_MAX * sizeof *docket->file.also.at);
    docket->file.also.count = 0;
    for (size_t i = 0; i < said->codes.count; i++)
        also_add(docket, category_of_code(docket, said->codes.at[i]));
}

const char *rules_department(const struct docket *docket, int category)
{
    const struct complaint_rules *rules = docket->rules;
    for (size_t i = 0; i < rules->department_count; i++)
        if (rules->departments[i].category == category)
            return rules->departments[i].department;
    return "";
}

/* -------- grade */

static const char *codes_joined(const struct complaint_received *said, struct arena *arena)
{
    const char *joined = "";
    for (size_t i = 0; i < said->codes.count; i++)
        joined = arena_printf(arena, "%s%s%s", joined, i ? "," : "", said->codes.at[i]);
    return joined;
}

static const char *said_lookup(void *context, const char *path)
{
    struct said_facts *facts = context;
    if (!strcmp(path, "code"))
        return codes_joined(facts->said, facts->docket->arena);
    if (!strcmp(path, "words"))
        return facts->said->text;
    if (!strcmp(path, "category"))
        return words_name(&category_words, facts->docket->file.category);
    if (!strcmp(path, "repeat"))
        return facts->repeat ? "yes" : "no";
    return condition_fact(&facts->facts, path);
}

static void classify_grade(struct docket *docket, struct said_facts *facts)
{
    const struct grade_rule *rule = complaint_grade(docket->rules, said_lookup, facts);
    docket->file.grade = rule ? rule->grade : GRADE_GENERAL;
    docket->file.graded_by = rule ? rule->name : "default";
}

void rules_classify(struct docket *docket, const struct complaint_received *said, const struct customer *customer,
                    bool repeat)
{
    struct said_facts facts = {
        .docket = docket, .said = said, .repeat = repeat,
        .facts = {.record = &complaint_received_record, .data = said, .customer = customer, .arena = docket->arena},
    };
    classify_category(docket, said);
    classify_grade(docket, &facts);
    docket->file.department = rules_department(docket, docket->file.category);
}
