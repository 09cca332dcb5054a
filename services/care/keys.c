/* keys: CURVE keys and who is allowed, as files (curve_keys.h). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "curve_keys.h"
#include "keys_redis.h"

/* What the files of one key are called, and what it may do. */
struct making {
    const char *dir, *name, *may;
    const char *secret;         /* the file that is made; NULL: the public key came from elsewhere */
    const char *public_key;
    bool is_own;
};

static bool folder_make(const char *path, mode_t mode)
{
    if (!mkdir(path, mode) || errno == EEXIST)
        return true;
    fprintf(stderr, "care: %s: %s\n", path, strerror(errno));
    return false;
}

/* Without --name: this machine's own key, under the machine's name. */
static struct making making_of(struct invocation *call)
{
    char host[CURVE_NAME_BYTES_MAX + 1] = "";
    const char *name = option(call, "name"), *may = option(call, "may");
    struct making making = {
        .dir = argument(call, 1), .name = name, .public_key = option(call, "public"), .is_own = !name
    };
    gethostname(host, sizeof host - 1);
    if (!name)
        making.name = arena_string(call->arena, host);
    making.may = may ? may : name ? "listen consume" : "daemon";
    if (!making.public_key)
        making.secret = name ? arena_printf(call->arena, "%s/%s.secret", making.dir, name)
                             : arena_printf(call->arena, "%s/own.key", making.dir);
    return making;
}

/* A directory whose group is handed on to its files is there for a group: it may read our own key. */
static mode_t secret_mode(const struct making *making)
{
    struct stat about;
    bool shared = making->is_own && !stat(making->dir, &about) && about.st_mode & S_ISGID;
    return shared ? 0640 : 0600;
}

static bool pair_make(struct making *making, struct curve_pair *pair, char message[160])
{
    curve_pair_make(pair);
    making->public_key = pair->public;
    return curve_pair_write(making->secret, pair, secret_mode(making), message);
}

static void print_made(const struct invocation *call, const struct making *making)
{
    if (call->json) {
        json_t *made = json_pack("{s:s, s:s, s:s, s:s?}", "name", making->name, "public", making->public_key, "may",
                                 making->may, "secret", making->secret);
        print_json(made);
        json_decref(made);
        return;
    }
    if (making->secret)
        printf("%s: %s\n", say(call, "secret", "私钥"), making->secret);
    printf("%s: %s\n%s: %s/allowed/%s.pub (%s)\n", say(call, "public", "公钥"), making->public_key,
           say(call, "let in by", "准入文件"), making->dir, making->name, making->may);
}

static int keys_curve(struct invocation *call)
{
    struct making making = making_of(call);
    struct curve_pair pair;
    uint8_t key[CURVE_KEY_BYTES];
    char message[160] = "";
    if (!curve_name_is_good(making.name) || !curve_rights_parse(making.may) ||
        (making.public_key && !curve_key_decode(making.public_key, key))) {
        fprintf(stderr, "care: %s\n",
                say(call,
                    "a name has letters, digits, dot, dash, underscore; --may is daemon, listen, post or consume, or\n"
                    "several with commas; --public has 40 characters",
                    "名称只含字母、数字、点、横线、下划线；--may 为 daemon、listen、post、consume，可用逗号并列；--public 为 40 个字符"));
        return EXIT_USAGE;
    }
    if (!folder_make(making.dir, 0750) || !folder_make(arena_printf(call->arena, "%s/allowed", making.dir), 0755))
        return EXIT_REFUSED;
    if ((making.secret && !pair_make(&making, &pair, message)) ||
        !curve_allow(making.dir, making.name, making.public_key, making.may, message)) {
        fprintf(stderr, "care: %s\n", message);
        return EXIT_REFUSED;
    }
    print_made(call, &making);
    return EXIT_OK;
}

int run_keys(struct invocation *call)
{
    const char *kind = argument(call, 0);
    if (kind && !strcmp(kind, "curve") && call->argument_count == 2)
        return keys_curve(call);
    if (kind && !strcmp(kind, "redis") && call->argument_count == 2)
        return keys_redis(call);
    fprintf(stderr, "care: %s\n", say(call, "write care keys curve DIR or care keys redis DIR; care keys --help tells more",
                                      "请写 care keys curve 目录 或 care keys redis 目录；care keys --help 查看详情"));
    return EXIT_USAGE;
}
