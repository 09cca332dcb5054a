/* functions: the functions in Redis, one library for each build that was ever started; who calls which; those that nobody
 * calls are removed. Asked of Redis itself, as the operator. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "cursor.h"
#include "redis_link.h"
#include "store.h"

enum { LIBRARIES_MAX = 64, CALLERS_MAX = 512 };

static const char prefix[] = "care_";

struct library { const char *build; size_t callers; };

struct scene {
    struct invocation *call;
    struct redis_link *link;
    struct library libraries[LIBRARIES_MAX];
    size_t count;
    size_t untold;              /* daemons that don't say what they call: of a version before this was told */
};

/* -------- reaching Redis */

/* What the option says, or else the line in DIR/endpoints. */
static const char *wanted(const struct invocation *call, const char *name, const char *endpoint)
{
    const char *value = option(call, name);
    if (!value && !option(call, "store") && call->dir)
        value = endpoints_value(call->dir, endpoint, call->arena);
    return value ? value : "";
}

static struct redis_access access_of(const struct invocation *call)
{
    return (struct redis_access){.address = wanted(call, "store", "redis"), .user = wanted(call, "user", "redis_user"),
                                 .password_file = wanted(call, "password-file", "redis_password_file"),
                                 .ca_file = option(call, "ca")};
}

static bool run(struct scene *scene)
{
    if (redis_link_run(scene->link) == REDIS_DONE)
        return true;
    fprintf(stderr, "care: %s\n", redis_link_message(scene->link));
    return false;
}

static void ask(struct scene *scene, unsigned node, const char *const *words, size_t count)
{
    command_begin(scene->link, count);
    command_to_node(scene->link, node);
    for (size_t i = 0; i < count; i++)
        command_text(scene->link, words[i]);
}

/* -------- what is there */

static struct library *library_find(struct scene *scene, const char *build)
{
    for (size_t i = 0; i < scene->count; i++)
        if (!strcmp(scene->libraries[i].build, build))
            return &scene->libraries[i];
    return NULL;
}

static void library_add(struct scene *scene, const redisReply *told)
{
    for (size_t i = 0; i + 1 < told->elements; i += 2) {
        const char *name = told->element[i + 1]->str;
        if (strcmp(told->element[i]->str, "library_name") || scene->count == LIBRARIES_MAX ||
            library_find(scene, name + strlen(prefix)))
            continue;
        scene->libraries[scene->count++].build = arena_string(scene->call->arena, name + strlen(prefix));
    }
}

static bool libraries_read(struct scene *scene)
{
    static const char *const words[] = {"FUNCTION", "LIST", "LIBRARYNAME", "care_*"};
    unsigned nodes = redis_link_nodes(scene->link);
    for (unsigned node = 0; node < nodes; node++)
        ask(scene, node, words, sizeof words / sizeof *words);
    if (!run(scene))
        return false;
    for (unsigned node = 0; node < nodes; node++) {
        const redisReply *list = redis_link_replies(scene->link)[node];
        for (size_t i = 0; i < list->elements; i++)
            library_add(scene, list->element[i]);
    }
    return true;
}

/* -------- who calls it */

static void caller_count(struct scene *scene, struct slice about)
{
    struct cursor cursor = cursor_over(about);
    struct slice text[3] = {{0}};
    size_t count;
    cursor_array(&cursor, &count);
    for (size_t i = 0; i < 3; i++)
        cursor_text(&cursor, &text[i]);
    json_t *details = json_loadb((const char *)text[2].at, text[2].bytes, 0, NULL);
    const char *build = json_string_value(json_object_get(details, "functions"));
    struct library *library = build ? library_find(scene, build) : NULL;
    if (library)
        library->callers++;
    scene->untold += !build;
    json_decref(details);
}

/* The names of the daemons that have announced themselves and not gone since. */
static bool names_read(struct scene *scene, const char *names[CALLERS_MAX], size_t *ret_count)
{
    command_begin(scene->link, 1);
    command_text(scene->link, "TIME");
    if (!run(scene))
        return false;
    long long now = reply_number(redis_link_replies(scene->link)[0]->element[0]) * SECOND_MS;
    command_begin(scene->link, 4);
    command_text(scene->link, "ZRANGEBYSCORE");
    command_key(scene->link, "{members}");
    command_printf(scene->link, "%lld", now);
    command_text(scene->link, "+inf");
    if (!run(scene))
        return false;
    const redisReply *reply = redis_link_replies(scene->link)[0];
    for (*ret_count = 0; *ret_count < reply->elements && *ret_count < CALLERS_MAX; ++*ret_count)
        names[*ret_count] = arena_string(scene->call->arena, reply->element[*ret_count]->str);
    return true;
}

static bool callers_read(struct scene *scene)
{
    const char *names[CALLERS_MAX];
    size_t count;
    if (!names_read(scene, names, &count))
        return false;
    if (!count)
        return true;
    command_begin(scene->link, 2 + count);
    command_text(scene->link, "HMGET");
    command_key(scene->link, "{members}about");
    for (size_t i = 0; i < count; i++)
        command_text(scene->link, names[i]);
    if (!run(scene))
        return false;
    const redisReply *reply = redis_link_replies(scene->link)[0];
    for (size_t i = 0; i < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_STRING)
            caller_count(scene, reply_bytes(reply->element[i]));
    return true;
}

/* -------- the three things to do */

static bool is_own(const struct library *library)
{
    return !strcmp(library->build, store_functions_build());
}

static int functions_list(struct scene *scene)
{
    json_t *list = json_array();
    for (size_t i = 0; i < scene->count; i++)
        json_array_append_new(list, json_pack("{s:s, s:i, s:b}", "build", scene->libraries[i].build, "callers",
                                              (int)scene->libraries[i].callers, "own", is_own(&scene->libraries[i])));
    print_list(scene->call, list, "build=Build/构建,callers=Called by/调用者数,own=This care's/与本 care 相同");
    json_decref(list);
    return EXIT_OK;
}

/* On every master: those that lack it have it since they were connected to. */
static int functions_load(struct scene *scene)
{
    char message[REDIS_MESSAGE_BYTES] = "";
    struct redis_access access = access_of(scene->call);
    struct store *store = store_redis_new(&access, PARTITIONS_DEFAULT, message);
    if (!store) {
        fprintf(stderr, "care: %s\n", message);
        return EXIT_REFUSED;
    }
    store->functions->free(&store);
    printf("%s %s\n", store_functions_build(), say(scene->call, "is there", "已就绪"));
    return EXIT_OK;
}

static bool library_delete(struct scene *scene, const struct library *library)
{
    const char *name = arena_printf(scene->call->arena, "%s%s", prefix, library->build);
    const char *const words[] = {"FUNCTION", "DELETE", name};
    for (unsigned node = 0, nodes = redis_link_nodes(scene->link); node < nodes; node++) {
        ask(scene, node, words, sizeof words / sizeof *words);
        if (redis_link_run(scene->link) == REDIS_DONE || strstr(redis_link_message(scene->link), "Library not found"))
            continue;
        fprintf(stderr, "care: %s\n", redis_link_message(scene->link));
        return false;
    }
    printf("%s %s\n", library->build, say(scene->call, "removed", "已删除"));
    return true;
}

static int functions_remove(struct scene *scene)
{
    if (scene->untold) {
        fprintf(stderr, say(scene->call, "care: %zu daemons do not tell what they call; restart them with this version\n",
                            "care：有 %zu 个守护进程未告知其调用的函数；请以本版本重启\n"), scene->untold);
        return EXIT_REFUSED;
    }
    bool good = true;
    for (size_t i = 0; i < scene->count && good; i++)
        if (!scene->libraries[i].callers && !is_own(&scene->libraries[i]))
            good = library_delete(scene, &scene->libraries[i]);
    return good ? EXIT_OK : EXIT_REFUSED;
}

int run_functions(struct invocation *call)
{
    static const struct { const char *word; int (*run)(struct scene *); } doings[] = {
        {"list", functions_list}, {"load", functions_load}, {"remove", functions_remove}};
    const char *word = argument(call, 0) ? argument(call, 0) : "list";
    char message[REDIS_MESSAGE_BYTES] = "";
    struct redis_access access = access_of(call);
    struct scene scene = {.call = call, .link = redis_link_new(&access, NULL, NULL, message)};
    if (!scene.link || redis_link_connect(scene.link) != REDIS_DONE) {
        fprintf(stderr, "care: %s\n", scene.link ? redis_link_message(scene.link) : message);
        redis_link_free(&scene.link);
        return EXIT_NO_ANSWER;
    }
    int code = EXIT_USAGE;
    bool known = libraries_read(&scene) && callers_read(&scene);
    for (size_t i = 0; i < sizeof doings / sizeof *doings; i++)
        if (!strcmp(doings[i].word, word))
            code = known ? doings[i].run(&scene) : EXIT_REFUSED;
    if (code == EXIT_USAGE)
        fprintf(stderr, "care: care functions %s\n", call->command->usage);
    redis_link_free(&scene.link);
    return code;
}
