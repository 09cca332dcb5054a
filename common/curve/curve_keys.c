#include "curve_keys.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum { FILE_BYTES_MAX = 4096, PATH_BYTES_MAX = 4096 };

static const char suffix[] = ".pub";

/* -------- words */

bool curve_key_decode(const char *text, uint8_t ret[CURVE_KEY_BYTES])
{
    return strlen(text) == CURVE_KEY_DIGITS && zmq_z85_decode(ret, text);
}

unsigned curve_rights_parse(const char *text)
{
    static const struct { const char *word; enum curve_right right; } words[] = {
        {"daemon", CURVE_DAEMON}, {"listen", CURVE_LISTEN}, {"post", CURVE_POST}, {"consume", CURVE_CONSUME}
    };
    enum { WORDS = sizeof words / sizeof *words };
    unsigned rights = 0;
    for (text += strspn(text, " ,\t"); *text; text += strspn(text, " ,\t")) {
        size_t bytes = strcspn(text, " ,\t"), i = 0;
        while (i < WORDS && (strlen(words[i].word) != bytes || memcmp(words[i].word, text, bytes)))
            i++;
        if (i == WORDS)
            return 0;
        rights |= words[i].right;
        text += bytes;
    }
    return rights;
}

bool curve_name_is_good(const char *name)
{
    size_t bytes = strlen(name);
    for (const char *at = name; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr(".-_", *at))
            return false;
    return bytes && bytes <= CURVE_NAME_BYTES_MAX && *name != '.';
}

/* -------- files */

/* The whole of a small file, NUL-terminated. false: errno says why. */
static bool file_read(const char *path, char ret[FILE_BYTES_MAX], struct stat *ret_about)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    ssize_t got = fstat(fd, ret_about) ? -1 : read(fd, ret, FILE_BYTES_MAX - 1);
    int error = errno;
    close(fd);
    ret[got > 0 ? got : 0] = 0;
    errno = error;
    return got >= 0;
}

/* The rest of the line that begins with `word`, blanks around it left out; false: there is none. */
static bool line_find(const char *text, const char *word, char *ret, size_t ret_bytes)
{
    size_t word_bytes = strlen(word);
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        line += strspn(line, " \t");
        if (strncmp(line, word, word_bytes) || !strchr(" \t", line[word_bytes]))
            continue;
        const char *value = line + word_bytes + strspn(line + word_bytes, " \t");
        size_t bytes = strcspn(value, "\r\n");
        while (bytes && strchr(" \t", value[bytes - 1]))
            bytes--;
        snprintf(ret, ret_bytes, "%.*s", (int)bytes, value);
        return bytes && bytes < ret_bytes;
    }
    return false;
}

/* As a whole or not at all: who reads it meanwhile finds the former one. With `replace` it takes the place of one that
 * is there. false: errno says why. */
static bool file_write(const char *path, const char *text, mode_t mode, bool replace)
{
    char new_path[PATH_BYTES_MAX];
    if ((size_t)snprintf(new_path, sizeof new_path, "%s.%d.new", path, (int)getpid()) >= sizeof new_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return false;
    bool good = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && !fchmod(fd, mode) && !fsync(fd);
    good = !close(fd) && good && !(replace ? rename(new_path, path) : link(new_path, path));
    int error = errno;
    unlink(new_path);
    errno = error;
    return good;
}

/* -------- secrets */

void curve_pair_make(struct curve_pair *ret)
{
    int failed = zmq_curve_keypair(ret->public, ret->secret);
    assert(!failed);
}

bool curve_pair_read(const char *path, struct curve_pair *ret, char message[160])
{
    char text[FILE_BYTES_MAX];
    struct stat about;
    uint8_t key[CURVE_KEY_BYTES];
    if (!file_read(path, text, &about))
        snprintf(message, 160, "%.100s: %s", path, strerror(errno));
    else if (about.st_mode & S_IRWXO)
        snprintf(message, 160, "%.100s: everybody may read it: chmod o-rwx", path);
    else if (!line_find(text, "secret", ret->secret, sizeof ret->secret) || !curve_key_decode(ret->secret, key) ||
             zmq_curve_public(ret->public, ret->secret))
        snprintf(message, 160, "%.100s: no secret key; care keys curve makes one", path);
    else
        return true;
    return false;
}

bool curve_pair_write(const char *path, const struct curve_pair *pair, mode_t mode, char message[160])
{
    char text[CURVE_KEY_DIGITS + 16];
    snprintf(text, sizeof text, "secret %s\n", pair->secret);
    bool good = file_write(path, text, mode, false);
    if (!good)
        snprintf(message, 160, "%.100s: %s", path, strerror(errno));
    return good;
}

/* -------- who is let in */

bool curve_allow(const char *dir, const char *name, const char *public_key, const char *may, char message[160])
{
    char path[PATH_BYTES_MAX], text[FILE_BYTES_MAX];
    uint8_t key[CURVE_KEY_BYTES];
    if (!curve_name_is_good(name))
        snprintf(message, 160, "%.70s: a name has letters, digits, dot, dash, underscore", name);
    else if (!curve_key_decode(public_key, key))
        snprintf(message, 160, "a public key has 40 characters of Z85");
    else if (!curve_rights_parse(may))
        snprintf(message, 160, "%.60s: what a key may do is daemon, listen, post or consume, or several", may);
    else {
        snprintf(path, sizeof path, "%.3900s/allowed/%s%s", dir, name, suffix);
        snprintf(text, sizeof text, "public %s\nmay %s\n", public_key, may);
        if (file_write(path, text, 0644, true))
            return true;
        snprintf(message, 160, "%.100s: %s", path, strerror(errno));
    }
    return false;
}

/* false with what is wrong. */
static bool allowed_read(const char *dir, const char *file, struct curve_allowed *ret, char fault[160])
{
    char path[PATH_BYTES_MAX], text[FILE_BYTES_MAX], public_key[CURVE_KEY_DIGITS + 1], may[256];
    struct stat about;
    snprintf(path, sizeof path, "%.3800s/allowed/%.255s", dir, file);
    snprintf(ret->name, sizeof ret->name, "%.*s", (int)(strlen(file) - strlen(suffix)), file);
    if (!file_read(path, text, &about))
        snprintf(fault, 160, "%s", strerror(errno));
    else if (!line_find(text, "public", public_key, sizeof public_key) || !curve_key_decode(public_key, ret->key))
        snprintf(fault, 160, "no line: public, then 40 characters of Z85");
    else if (!line_find(text, "may", may, sizeof may) || !(ret->rights = curve_rights_parse(may)))
        snprintf(fault, 160, "no line: may, then daemon, listen, post or consume, or several");
    else
        return true;
    return false;
}

/* A key that stands in two files may do what either says, under the name that comes first. */
static void list_add(struct curve_list *list, const struct curve_allowed *one)
{
    struct curve_allowed *same = (struct curve_allowed *)curve_list_find(list, one->key);
    if (same) {
        same->rights |= one->rights;
        if (strcmp(one->name, same->name) < 0)
            memcpy(same->name, one->name, sizeof same->name);
        return;
    }
    list->at = realloc(list->at, (list->count + 1) * sizeof *list->at);
    assert(list->at);
    list->at[list->count++] = *one;
}

static void list_take(struct curve_list *list, const char *dir, const char *file)
{
    struct curve_allowed one = {0};
    char fault[160] = "there are too many keys";
    if (list->count < CURVE_ALLOWED_MAX && allowed_read(dir, file, &one, fault)) {
        list_add(list, &one);
    } else if (!*list->fault) {
        snprintf(list->fault, sizeof list->fault, "allowed/%.90s: %.90s", file, fault);
    }
}

static bool is_key_file(const char *file)
{
    size_t bytes = strlen(file);
    return *file != '.' && bytes > strlen(suffix) && bytes <= CURVE_NAME_BYTES_MAX + strlen(suffix) &&
           !strcmp(file + bytes - strlen(suffix), suffix);
}

bool curve_list_read(const char *dir, struct curve_list *ret, char message[160])
{
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%.4000s/allowed", dir);
    DIR *allowed = opendir(path);
    *ret = (struct curve_list){0};
    if (!allowed) {
        snprintf(message, 160, "%.100s: %s", path, strerror(errno));
        return false;
    }
    for (const struct dirent *entry; (entry = readdir(allowed));)
        if (is_key_file(entry->d_name))
            list_take(ret, dir, entry->d_name);
    closedir(allowed);
    return true;
}

void curve_list_free(struct curve_list *list)
{
    free(list->at);
    *list = (struct curve_list){0};
}

const struct curve_allowed *curve_list_find(const struct curve_list *list, const uint8_t key[CURVE_KEY_BYTES])
{
    for (size_t i = 0; i < list->count; i++)
        if (!memcmp(list->at[i].key, key, CURVE_KEY_BYTES))
            return &list->at[i];
    return NULL;
}

unsigned curve_list_withdrawn(const struct curve_list *before, const struct curve_list *now)
{
    unsigned withdrawn = 0;
    for (size_t i = 0; i < before->count; i++) {
        const struct curve_allowed *still = curve_list_find(now, before->at[i].key);
        withdrawn |= before->at[i].rights & ~(still ? still->rights : 0);
    }
    return withdrawn;
}
