#include <string.h>

#include "cursor.h"
#include "facts.h"
#include "scheduler.h"

/* What a form tells of its customer: the fields that its description says belong to the customer's record. */

static const struct form *form_in_force(struct turn *turn, const char *site_id, const char *name)
{
    const struct site *site = turn_site(turn, site_id);
    for (size_t i = 0; site && i < site->playbook_count; i++) {
        const struct form *form = playbook_form(site->playbooks[i].playbook, name);
        if (form)
            return form;
    }
    return NULL;
}

/* Where a field of the customer's record is kept while it is told; NULL: a record has no such field. */
static const char **place_in(struct sighting *to, const char *record)
{
    struct customer_recorded *person = &to->person;
    const struct { const char *name; const char **at; } places[] = {
        {"name", &person->name}, {"mobile", &person->mobile}, {"email", &person->email}, {"address", &person->address},
        {"webhook", &person->webhook}, {"summary", &person->summary}, {"preference", &to->preference},
        {"interests", &to->interests},
        {"owner", &to->owner}, {"language", &to->language},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (!strcmp(places[i].name, record))
            return places[i].at;
    return NULL;
}

bool sighting_of_form(struct turn *turn, const struct event *event, const struct form_changed *form, struct sighting *ret)
{
    const struct form *described = form_in_force(turn, event->site, form->form);
    bool any = false;
    *ret = (struct sighting){.about = ""};
    for (size_t i = 0; described && i < described->field_count; i++) {
        const struct form_field *field = &described->fields[i];
        const char **place = *field->record ? place_in(ret, field->record) : NULL;
        const char *told = place ? facts_text(field->personal ? form->personal : form->fields, field->name, turn_arena(turn))
                                 : "";
        if (!*told)
            continue;
        *place = told;
        any = true;
    }
    return any;
}
