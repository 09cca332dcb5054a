#include <string.h>

#include "playbook_reading.h"

/* Work at the desk: who gets it without claiming it, and lists of things to be done. */

enum { ITEMS_MAX = 32 };

static const char *const ways[] = {[ASSIGN_NONE] = "none", [ASSIGN_EVEN] = "even", [ASSIGN_WEIGHTED] = "weighted",
                                   [ASSIGN_OWNER] = "owner", [ASSIGN_SAME] = "same", [ASSIGN_NAMED] = "named", NULL};

/* A skill by name, or the name of the fact that names it. */
static void read_skill(struct playbook_reading *reading, const struct yaml *node, struct assign *to)
{
    const char *text = yaml_text(node, "", reading->mistakes);
    bool of_field = !strncmp(text, "field.", 6);
    to->skill = of_field ? "" : text;
    to->skill_field = of_field ? text : "";
    if (of_field && (!reading->form || !form_field(reading->form, text + 6)))
        yaml_mistake(reading->mistakes, node, "\"%.60s\" is no field of the rule's form", text);
}

static void read_named(struct playbook_reading *reading, const struct yaml *node, struct assign *to)
{
    const struct yaml *who = yaml_get(node, "who");
    const struct yaml *other = yaml_get(node, "not");
    to->who = who ? reading_addressee(reading, who) : "";
    to->other_than = other ? reading_addressee(reading, other) : "";
    if (other && !reading_is_person(to->other_than))
        yaml_mistake(reading->mistakes, other, "not whom? field.NAME or event.NAME");
    if ((to->by == ASSIGN_NAMED) != reading_is_person(to->who))
        yaml_mistake(reading->mistakes, who ? who : node, "by: named belongs to who: field.NAME, and the reverse");
}

void reading_assign(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    static const char *const keys[] = {"by", "count", "skill", "at_most", "owner", "who", "not", NULL};
    static const char *const counts[] = {"open", "given", NULL};
    if (!node)
        return;
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    const struct yaml *by = yaml_get(node, "by");
    const char *way = reading_choice(reading, by, ways);
    for (int i = ASSIGN_NONE; ways[i]; i++)
        if (way == ways[i])
            to->assign.by = (enum assign_by)i;
    if (!by || to->assign.by == ASSIGN_NONE)
        yaml_mistake(reading->mistakes, node, "by: even, weighted, owner, same or named is missing");
    read_named(reading, node, &to->assign);
    read_skill(reading, yaml_get(node, "skill"), &to->assign);
    to->assign.given = reading_choice(reading, yaml_get(node, "count"), counts) == counts[1];
    to->assign.owner = yaml_bool(yaml_get(node, "owner"), false, reading->mistakes);
    to->assign.at_most = (int)yaml_int(yaml_get(node, "at_most"), 0, 1, 10000, reading->mistakes);
}

/* -------- checklists */

static void read_item(struct playbook_reading *reading, const struct yaml *node, struct item *to)
{
    static const char *const keys[] = {"item", "zh", "en", "optional", NULL};
    reading_count(reading, node, YAML_MAP);
    yaml_known_keys(node, keys, reading->mistakes);
    to->name = reading_name(reading, yaml_get(node, "item"), "item: NAME", node);
    to->zh = yaml_text(yaml_get(node, "zh"), "", reading->mistakes);
    to->en = yaml_text(yaml_get(node, "en"), "", reading->mistakes);
    to->optional = yaml_bool(yaml_get(node, "optional"), false, reading->mistakes);
    if (node->kind == YAML_MAP && (!*to->zh || !*to->en))
        yaml_mistake(reading->mistakes, node, "zh and en: what is to be done?");
}

void reading_items(struct playbook_reading *reading, const struct yaml *node, struct step *to)
{
    const struct yaml *items = yaml_get(node, "items");
    size_t count = reading_count(reading, items, YAML_LIST);
    bool any = false;
    if (count > ITEMS_MAX) {
        yaml_mistake(reading->mistakes, items, "at most %d items", ITEMS_MAX);
        count = ITEMS_MAX;
    }
    to->items = reading_array(reading, count, sizeof *to->items);
    for (size_t i = 0; i < count; i++) {
        read_item(reading, items->items[i], &to->items[i]);
        for (size_t j = 0; j < i; j++)
            if (*to->items[i].name && !strcmp(to->items[i].name, to->items[j].name))
                yaml_mistake(reading->mistakes, items->items[i], "item \"%s\" stands there twice", to->items[i].name);
        any |= !to->items[i].optional;
        to->item_count++;
    }
    if (!any)
        yaml_mistake(reading->mistakes, node, "a checklist needs items, of which one at least is not optional");
}
