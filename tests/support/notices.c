#include "support/notices.h"

#include <string.h>

static const char *const playbook =
    "playbook: small\n"
    "version: 1\n"
    "contact:\n"
    "  quiet_hours: 21:00-08:00\n"
    "  per_day: 2\n"
    "  exempt: [complaint]\n"
    "notices:\n"
    "  order: [sms, email]\n"
    "  per_minute: 20\n"
    "  staff: { digest: { roles: [chief], at: ['09:00', '16:00'], message: together } }\n"
    "  channels:\n"
    "    sms: { retry: { attempts: 3, gaps: [1m, 10m] }, on_unknown: resend }\n"
    "    email: { retry: { attempts: 2, gaps: [1h] }, on_unknown: hold }\n"
    "    webhook: { retry: { attempts: 2, gaps: [1m] }, on_unknown: query }\n";

static const char *const staff =
    "staff: small\n"
    "people:\n"
    "  - { id: an, name: An, roles: [agent], email: an@x.invalid, mobile: '13900000001', deputy: cy }\n"
    "  - { id: bo, name: Bo, roles: [agent], mobile: '13900000002' }\n"
    "  - { id: cy, name: Cy, roles: [advisor], webhook: 'https://x.invalid/cy' }\n"
    "  - { id: no, name: No, roles: [ghost] }\n"
    "  - { id: di, name: Di, roles: [chief], email: di@x.invalid }\n";

static const char *const templates =
    "templates: small\n"
    "version: 1\n"
    "words: { zh-CN: { near: '快到期' } }\n"
    "texts:\n"
    "  together: { zh-CN: '{{count}}: {{lines}}' }\n"
    "  thanks: { zh-CN: 'thanks' }\n"
    "  near: { zh-CN: 'near' }\n";

struct scene *scene;

int notices_setup(void **unused)
{
    static const struct core *const cores[] = {&scheduler_core, &notifier_core, NULL};
    (void)unused;
    scene = scene_new(cores, playbook, staff, templates);
    scene_post(scene, "\"type\":\"customer.recorded\",\"customer\":\"wang\","
                      "\"data\":{\"name\":\"Wang\",\"mobile\":\"13800000001\",\"email\":\"w@x.invalid\"}");
    return 0;
}

int notices_teardown(void **unused)
{
    (void)unused;
    scene_free(&scene);
    return 0;
}

/* -------- short forms */

void notice_want(const char *number, const char *rest)
{
    scene_post(scene,
               "\"type\":\"notice.wanted\",\"customer\":\"wang\",\"data\":{\"notice\":\"s1/%s\",\"template\":\"thanks\","
                      "\"purpose\":\"care\"%s%s}", number, *rest ? "," : "", rest);
}

void notice_want_staff(const char *number, const char *to)
{
    scene_post(scene,
               "\"type\":\"notice.wanted\",\"data\":{\"notice\":\"s1/%s\",\"template\":\"near\",\"purpose\":\"staff\",%s}",
               number, to);
}

void notice_will_answer(const enum send_result *answers, size_t count)
{
    memcpy(scene->answers, answers, count * sizeof *answers);
    scene->answer_count = count;
    scene->answered = 0;
}

const char *notice_field(const char *number, const char *path)
{
    return scene_field(scene, ENTITY_NOTICE, arena_printf(scene->arena, "s1/%s", number), path);
}

const char *notice_channels_tried(void)
{
    const char *joined = "";
    for (size_t i = 0; i < scene->order_count; i++)
        joined = arena_printf(scene->arena, "%s%s%s", joined, i ? " " : "", scene->orders[i]);
    return joined;
}

void notice_until(const char *time)
{
    scene_until(scene, time);
}
