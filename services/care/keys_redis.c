/* keys_redis: a password for each user of both Redis, and what each may do, as files:
 *
 *     DIR/store/NAME.password   DIR/keys/NAME.password      read by the program of that name alone
 *     DIR/store/users.acl       DIR/keys/users.acl          read by Redis (aclfile); hold no password, only its hash */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "keys_redis.h"
#include "store_users.h"

enum { SECRET_BYTES = 32, SECRET_DIGITS = 2 * SECRET_BYTES, HASH_DIGITS = 2 * crypto_hash_sha256_BYTES };

/* Nobody comes in as the default user. Yet it is Redis itself that acts as it when it reads its append-only file again:
 * without its rights, transactions in the file (what a function wrote) are passed over in silence, and all is lost. */
static const char default_user[] = "user default reset off ~* &* +@all\n";

static bool fail(const char *path)
{
    fprintf(stderr, "care: %s: %s\n", path, strerror(errno));
    return false;
}

static bool folder_make(const char *path)
{
    return !mkdir(path, 0755) || errno == EEXIST || fail(path);
}

/* A file as a whole, or not at all. */
static bool file_write(struct arena *arena, const char *path, mode_t mode, struct slice bytes)
{
    const char *made = arena_printf(arena, "%s.new", path);
    int file = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool good = file >= 0 && fchmod(file, mode) == 0 && write(file, bytes.at, bytes.bytes) == (ssize_t)bytes.bytes &&
                fsync(file) == 0;
    if (file >= 0)
        close(file);
    return (good && rename(made, path) == 0) || fail(path);
}

static bool password_read(const char *path, char ret[SECRET_DIGITS + 1])
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = file >= 0 ? read(file, ret, SECRET_DIGITS) : -1;
    if (file >= 0)
        close(file);
    ret[SECRET_DIGITS] = '\0';
    return bytes == SECRET_DIGITS && strspn(ret, "0123456789abcdef") == SECRET_DIGITS;
}

/* The password that is there, or a fresh one. */
static bool password_settle(struct arena *arena, const char *path, char ret[SECRET_DIGITS + 1])
{
    if (password_read(path, ret))
        return true;
    uint8_t secret[SECRET_BYTES];
    char line[SECRET_DIGITS + 2];
    randombytes_buf(secret, sizeof secret);
    sodium_bin2hex(ret, SECRET_DIGITS + 1, secret, sizeof secret);
    int bytes = snprintf(line, sizeof line, "%s\n", ret);
    bool good = file_write(arena, path, 0600, (struct slice){(const uint8_t *)line, (size_t)bytes});
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(line, sizeof line);
    return good;
}

static void user_line(enum store_server server, const char *name, const char *password, struct buffer *to)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char digits[HASH_DIGITS + 1];
    struct buffer rules = {0};
    crypto_hash_sha256(hash, (const uint8_t *)password, SECRET_DIGITS);
    store_user_rules(server, name, &rules);
    buffer_printf(to, "user %s %s #%s\n", name, buffer_text(&rules),
                  sodium_bin2hex(digits, sizeof digits, hash, sizeof hash));
    buffer_free(&rules);
}

static bool server_write(struct arena *arena, const char *dir, enum store_server server)
{
    const char *names[USERS_MAX], *folder = arena_printf(arena, "%s/%s", dir, store_server_names[server]);
    size_t count = store_users(server, names);
    struct buffer acl = {0};
    bool good = folder_make(folder);
    buffer_string(&acl, default_user);
    for (size_t i = 0; i < count && good; i++) {
        char password[SECRET_DIGITS + 1];
        good = password_settle(arena, arena_printf(arena, "%s/%s.password", folder, names[i]), password);
        if (good)
            user_line(server, names[i], password, &acl);
        sodium_memzero(password, sizeof password);
    }
    good = good && file_write(arena, arena_printf(arena, "%s/users.acl", folder), 0644, buffer_slice(&acl));
    buffer_free(&acl);
    return good;
}

int keys_redis(struct invocation *call)
{
    const char *dir = argument(call, 1);
    bool good = sodium_init() >= 0 && folder_make(dir);
    for (int server = 0; server < SERVER_COUNT && good; server++)
        good = server_write(call->arena, dir, (enum store_server)server);
    if (good && !call->json)
        printf("%s: %s/{store,keys}/users.acl\n%s: %s/{store,keys}/NAME.password\n",
               say(call, "for aclfile of the two Redis", "两个 Redis 的 aclfile"), dir,
               say(call, "each for its own program only", "仅供各自程序读取"), dir);
    return good ? EXIT_OK : EXIT_REFUSED;
}
