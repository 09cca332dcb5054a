/* How a daemon comes in at its two Redis: the settings, and what they make. */
#include "daemon_parts.h"

const struct setting access_settings[] = {
    {"store", SETTING_TEXT, "unix:%s/redis/redis.sock", 0, 0, NULL,
     "Redis that holds the truth: unix:/path, tcp://host:port, tls://…, sentinel://h:p,h:p/NAME, cluster://h:p,h:p"},
    {"store_user", SETTING_TEXT, "", 0, 0, NULL, "user of the store; empty: Redis' default user"},
    {"store_password_file", SETTING_TEXT, "", 0, 0, NULL, "file whose first line is the password; empty: no login"},
    {"store_replicas", SETTING_INT, "0", 0, REDIS_REPLICAS_MAX, NULL,
     "replicas that must have a write before it counts: all that may be promoted"},
    {"keys_store", SETTING_TEXT, "unix:%s/keys-redis/redis.sock", 0, 0, NULL, "Redis that holds the customers' keys"},
    {"keys_user", SETTING_TEXT, "", 0, 0, NULL, "user of the key store"},
    {"keys_password_file", SETTING_TEXT, "", 0, 0, NULL, "file with the key store's password"},
    {"keys_replicas", SETTING_INT, "0", 0, REDIS_REPLICAS_MAX, NULL, "as store_replicas, of the key store"},
    {"sentinel_password_file", SETTING_TEXT, "", 0, 0, NULL, "file with the Sentinels' password"},
    {"store_ca_file", SETTING_TEXT, "", 0, 0, NULL,
     "PEM of who signs the certificates of both Redis; with sentinel:// and cluster:// it turns TLS on"},
    {"store_certificate_file", SETTING_TEXT, "", 0, 0, NULL, "PEM of our certificate, if Redis asks for one"},
    {"store_key_file", SETTING_TEXT, "", 0, 0, NULL, "PEM of its private key"},
    {0}
};

static struct redis_access access_of(const struct config *config, const char *address, const char *user,
                                     const char *password_file, const char *replicas)
{
    return (struct redis_access){
        .address = config_text(config, address),
        .user = config_text(config, user),
        .password_file = config_text(config, password_file),
        .sentinel_password_file = config_text(config, "sentinel_password_file"),
        .ca_file = config_text(config, "store_ca_file"),
        .certificate_file = config_text(config, "store_certificate_file"),
        .key_file = config_text(config, "store_key_file"),
        .replicas = (unsigned)config_int(config, replicas),
    };
}

struct redis_access daemon_store_access(const struct daemon *daemon)
{
    return access_of(daemon->config, "store", "store_user", "store_password_file", "store_replicas");
}

struct redis_access daemon_keys_access(const struct daemon *daemon)
{
    return access_of(daemon->config, "keys_store", "keys_user", "keys_password_file", "keys_replicas");
}
