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

static void also_add(struct docket *docket, const char *category)
{
    struct complaint_case *file = &docket->file;
    if (strcmp(category, file->category) && file->also.count < CASE_ALSO_MAX && !also_has(&file->also, category))
        file->also.at[file->also.count++] = category;
}

static const char *category_of_code(const struct docket *docket, const char *code)
{
    const char *category = complaint_category_of_code(docket->rules, code);
    return *category ? category : complaint_category_other;
}

/* What the source says counts if the playbook knows it. */
static const char *category_main(const struct docket *docket, const struct complaint_received *said)
{
    if (*said->category && complaint_has_category(docket->rules, said->category))
        return said->category;
    if (said->codes.count)
        return category_of_code(docket, said->codes.at[0]);
    const char *category = complaint_category_of_text(docket->rules, said->text);
    return *category ? category : complaint_category_other;
}

static void classify_category(struct docket *docket, const struct complaint_received *said)
{
    docket->file.category = category_main(docket, said);
    docket->file.also.at = arena_alloc(docket->arena, CASE_ALSO_MAX * sizeof *docket->file.also.at);
    docket->file.also.count = 0;
    for (size_t i = 0; i < said->codes.count; i++)
        also_add(docket, category_of_code(docket, said->codes.at[i]));
}

const char *rules_department(const struct docket *docket, const char *category)
{
    const struct complaint_rules *rules = docket->rules;
    for (size_t i = 0; i < rules->department_count; i++)
        if (!strcmp(rules->departments[i].category, category))
            return rules->departments[i].department;
    return "";
}

/* -------- root cause */

const char *rules_said(const struct docket *docket, const struct texts *names)
{
    const char *said = "";
    for (size_t i = 0; i < names->count; i++)
        said = arena_printf(docket->arena, "%s%s%s", said, i ? ", " : "", names->at[i]);
    return said;
}

bool rules_want_cause(const struct docket *docket, const char *told)
{
    return docket->rules->cause_required && !*docket->file.cause_found && !*told;
}

const char *rules_cause_fault(const struct docket *docket, const char *told)
{
    const struct texts *causes = &docket->rules->causes;
    if (!*told || !causes->count || also_has(causes, told))
        return NULL;
    return arena_printf(docket->arena, "cause_found: one of %s", rules_said(docket, causes));
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
        return facts->docket->file.category;
    if (!strcmp(path, "voice"))
        return words_name(&voice_words, facts->docket->file.voice);
    if (!strcmp(path, "product"))
        return facts->docket->file.product;
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
