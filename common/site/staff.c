#include <string.h>

#include "playbook_reading.h"
#include "site.h"

enum { PEOPLE_MAX = 1000, ROLES_OF_ONE_MAX = 16, CAPABILITY_DEFAULT = 10 };

static const char *const person_keys[] = {
    "id", "name", "roles", "department", "email", "mobile", "webhook", "language", "deputy", "hours", "capability", "skills", NULL
};

static struct texts read_roles(struct playbook_reading *reading, const struct yaml *node, const struct yaml *person)
{
    struct texts roles = {NULL, 0};
    size_t count = reading_count(reading, node, YAML_LIST);
    if (!count && person->kind == YAML_MAP)
        yaml_mistake(reading->mistakes, person, "roles are missing: what does this person do?");
    if (count > ROLES_OF_ONE_MAX) {
        yaml_mistake(reading->mistakes, node, "at most %d roles", ROLES_OF_ONE_MAX);
        count = ROLES_OF_ONE_MAX;
    }
    roles.at = reading_array(reading, count, sizeof *roles.at);
    for (size_t i = 0; i < count; i++)
        roles.at[roles.count++] = reading_name(reading, node->items[i], "role", NULL);
    return roles;
}

static const struct week *read_hours(struct playbook_reading *reading, const struct yaml *node)
{
    if (!node)
        return NULL;
    struct week *hours = reading_array(reading, 1, sizeof *hours);
    week_parse(node, hours, reading->mistakes);
    hours->name = "hours";
    return hours;
}

static void read_contacts(struct playbook_reading *reading, const struct yaml *node, struct person *to)
{
    const struct yaml *email = yaml_get(node, "email");
    to->email = yaml_text(email, "", reading->mistakes);
    to->mobile = yaml_text(yaml_get(node, "mobile"), "", reading->mistakes);
    to->webhook = yaml_text(yaml_get(node, "webhook"), "", reading->mistakes);
    const char *at = strchr(to->email, '@');
    if (*to->email && (!at || at == to->email || !at[1] || strpbrk(to->email, " \r\n<>")))
        yaml_mistake(reading->mistakes, email, "\"%.60s\" is no e-mail address", to->email);
}

static void read_person(struct playbook_reading *reading, const struct yaml *node, struct person *to)
{
    static const char *const languages[] = {"zh-CN", "en", NULL};
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, person_keys, reading->mistakes);
    to->id = reading_name(reading, yaml_get(node, "id"), "id", node);
    to->name = yaml_text(yaml_get(node, "name"), to->id, reading->mistakes);
    to->roles = read_roles(reading, yaml_get(node, "roles"), node);
    to->department = reading_name(reading, yaml_get(node, "department"), "department", NULL);
    read_contacts(reading, node, to);
    to->language = reading_choice(reading, yaml_get(node, "language"), languages);
    to->deputy = reading_name(reading, yaml_get(node, "deputy"), "deputy", NULL);
    to->hours = read_hours(reading, yaml_get(node, "hours"));
    to->skills = reading_texts(reading, yaml_get(node, "skills"));
    to->capability = (int)yaml_int(yaml_get(node, "capability"), CAPABILITY_DEFAULT, 1, 100, reading->mistakes);
}

static const struct person *person_by_id(const struct staff *staff, const char *id)
{
    for (size_t i = 0; i < staff->count; i++)
        if (!strcmp(staff->people[i].id, id))
            return &staff->people[i];
    return NULL;
}

static void check_person(struct playbook_reading *reading, const struct yaml *node, const struct staff *staff,
                         size_t number)
{
    const struct person *person = &staff->people[number];
    const struct yaml *deputy = yaml_get(node, "deputy");
    if (*person->id && person_by_id(staff, person->id) != person)
        yaml_mistake(reading->mistakes, yaml_get(node, "id"), "\"%s\" is somebody else's id already", person->id);
    if (*person->deputy && !strcmp(person->deputy, person->id))
        yaml_mistake(reading->mistakes, deputy, "nobody stands in for themselves");
    else if (*person->deputy && !person_by_id(staff, person->deputy))
        yaml_mistake(reading->mistakes, deputy, "nobody here has the id \"%s\"", person->deputy);
}

static struct shop read_shop(struct playbook_reading *reading, const struct yaml *node)
{
    static const char *const keys[] = {"name", "name_en", "phone", "link", NULL};
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    const char *name = yaml_text(yaml_get(node, "name"), "", reading->mistakes);
    return (struct shop){
        .name = name,
        .name_en = yaml_text(yaml_get(node, "name_en"), name, reading->mistakes),
        .phone = yaml_text(yaml_get(node, "phone"), "", reading->mistakes),
        .link = yaml_text(yaml_get(node, "link"), "", reading->mistakes),
    };
}

struct staff *staff_parse(struct slice yaml, struct arena *arena, struct mistakes *mistakes)
{
    static const char *const keys[] = {"staff", "shop", "templates_released_by", "people", NULL};
    size_t mistakes_before = mistakes->count;
    struct yaml *top = yaml_parse(yaml, arena, mistakes);
    if (!top)
        return NULL;
    struct playbook_reading reading = {.arena = arena, .mistakes = mistakes};
    struct staff *staff = arena_alloc(arena, sizeof *staff);
    reading_count(&reading, top, YAML_MAP);
    yaml_known_keys(top, keys, mistakes);
    staff->name = reading_name(&reading, yaml_get(top, "staff"), "staff: NAME", top);
    staff->shop = read_shop(&reading, yaml_get(top, "shop"));
    if (yaml_get(top, "templates_released_by"))
        staff->templates_released_by = read_roles(&reading, yaml_get(top, "templates_released_by"), top);
    const struct yaml *people = yaml_get(top, "people");
    size_t count = reading_count(&reading, people, YAML_LIST);
    if (count > PEOPLE_MAX) {
        yaml_mistake(mistakes, people, "at most %d people", PEOPLE_MAX);
        count = PEOPLE_MAX;
    }
    staff->people = reading_array(&reading, count, sizeof *staff->people);
    for (size_t i = 0; i < count; i++)
        read_person(&reading, people->items[i], &staff->people[staff->count++]);
    for (size_t i = 0; i < count; i++)
        check_person(&reading, people->items[i], staff, i);
    return mistakes->count == mistakes_before ? staff : NULL;
}

const struct person *staff_person(const struct staff *staff, const char *id)
{
    const struct person *named = NULL, *person = person_by_id(staff, id);
    size_t bearers = 0;
    if (person || !*id)
        return person;
    for (size_t i = 0; i < staff->count; i++) {
        if (strcmp(staff->people[i].name, id))
            continue;
        named = &staff->people[i];
        bearers++;
    }
    return bearers == 1 ? named : NULL;
}

bool person_has_role(const struct person *person, const char *role)
{
    for (size_t i = 0; i < person->roles.count; i++)
        if (!strcmp(person->roles.at[i], role))
            return true;
    return false;
}
