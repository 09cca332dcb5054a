#include "concern.h"

#include <string.h>

bool concerns_type(const struct core *core, enum event_number number)
{
    return core->handlers[number] || number == EVENT_CONFIG_ACTIVATED ||
           (number == EVENT_TIMER_FIRED && core->on_timer);
}

/* The id of a fired timer begins with its entity, "timer/<letter>/…", unless that was too long for it. */
static bool timer_may_concern(const struct core *core, struct slice id)
{
    static const char begins[] = "timer/";
    enum { LETTER = sizeof begins - 1, SLASH };

    if (id.bytes <= SLASH || memcmp(id.at, begins, LETTER) != 0 || id.at[SLASH] != '/')
        return true;
    enum entity_kind kind = entity_kind_of_letter((char)id.at[LETTER]);
    return kind == ENTITY_COUNT || entity_types[kind].stage == core->stage;
}

bool concerns_packed(const struct core *core, struct slice packed)
{
    struct slice id, type;
    char name[NAME_BYTES_MAX + 1];

    if (!event_peek(packed, &id, &type) || type.bytes > NAME_BYTES_MAX)
        return true;
    memcpy(name, type.at, type.bytes);
    name[type.bytes] = '\0';
    enum event_number number = event_number(name);
    return concerns_type(core, number) && (number != EVENT_TIMER_FIRED || timer_may_concern(core, id));
}
