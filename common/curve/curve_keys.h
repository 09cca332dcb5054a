/* curve_keys: the files that say who may come in over ZeroMQ. One directory for an installation:
 *
 *     own.key             this machine's secret, readable by nobody else       secret 40 characters of Z85
 *     NAME.secret         a secret made for somebody else, to be carried there secret 40 characters of Z85
 *     allowed/NAME.pub    a key that is let in, and what it may do             public 40 characters of Z85
 *                                                                              may daemon listen post consume
 *
 * A line is a word and its values; empty lines and those that begin with # are passed over. A file that is taken away,
 * or is wrong, lets nobody in. */
#ifndef CARELINE_CURVE_KEYS_H
#define CARELINE_CURVE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    CURVE_KEY_BYTES = 32,
    CURVE_KEY_DIGITS = 40,          /* of Z85 */
    CURVE_NAME_BYTES_MAX = 64,
    CURVE_ALLOWED_MAX = 1024        /* keys of one installation; further ones are not let in, and told as a fault */
};

enum curve_right {
    CURVE_DAEMON = 1,               /* one of the installation: is listened to, and may listen */
    CURVE_LISTEN = 2,               /* may connect to the buses: sees the events of every site */
    CURVE_POST = 4,                 /* may bring facts to intake's ROUTER */
    CURVE_CONSUME = 8               /* may ask replay */
};

struct curve_pair { char public[CURVE_KEY_DIGITS + 1], secret[CURVE_KEY_DIGITS + 1]; };

struct curve_allowed { char name[CURVE_NAME_BYTES_MAX + 1]; uint8_t key[CURVE_KEY_BYTES]; unsigned rights; };

struct curve_list {
    struct curve_allowed *at;       /* malloc'd */
    size_t count;
    char fault[200];                /* the first file that is wrong, and why; "": none */
};

/* The key of 40 characters of Z85; false: it is none. */
bool curve_key_decode(const char *text, uint8_t ret[CURVE_KEY_BYTES]);

/* "daemon", "listen", "post", "consume" with blanks or commas between. 0 for one that is not known, or none at all. */
unsigned curve_rights_parse(const char *text);

/* Letters, digits, dot, dash and underscore, not a dot first; at most CURVE_NAME_BYTES_MAX. */
bool curve_name_is_good(const char *name);

/* A new pair. */
void curve_pair_make(struct curve_pair *ret);

/* A secret file, with the public key that belongs to it. Refused when everybody on the machine may read it. false with
 * a message for the operator. */
bool curve_pair_read(const char *path, struct curve_pair *ret, char message[160]);
/* Writes the file with this mode; one that is there already is left as it is. false with a message. */
bool curve_pair_write(const char *path, const struct curve_pair *pair, mode_t mode, char message[160]);

/* Writes DIR/allowed/NAME.pub, as a whole; `may` is what curve_rights_parse takes. false with a message. */
bool curve_allow(const char *dir, const char *name, const char *public_key, const char *may, char message[160]);

/* All of DIR/allowed, into a list that the caller frees with curve_list_free. false with a message: the directory
 * cannot be read, and nothing is known of who is let in. */
bool curve_list_read(const char *dir, struct curve_list *ret, char message[160]);
void curve_list_free(struct curve_list *list);
/* NULL: this key is not let in. */
const struct curve_allowed *curve_list_find(const struct curve_list *list, const uint8_t key[CURVE_KEY_BYTES]);
/* The rights that somebody had before and has not any more; 0: none. */
unsigned curve_list_withdrawn(const struct curve_list *before, const struct curve_list *now);

#endif
