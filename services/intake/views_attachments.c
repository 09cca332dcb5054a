#include <string.h>

#include "partition.h"
#include "views.h"

/* Copies of papers: sealed with their customer's key, stored by the hash of what is stored, named by that hash wherever
 * they belong (a customer's record, a form, a case). Erasing the customer makes them unreadable. */

enum { HASH_BYTES = 64 };

static struct view_answer store_gone(const struct views *views)
{
    return view_error(503, "the store does not answer", views->store->functions->message(views->store));
}

static bool hash_is_fine(const char *hash)
{
    return strlen(hash) == HASH_BYTES && strspn(hash, "0123456789abcdef") == HASH_BYTES;
}

/* 1: known, 0: unknown, -1: nobody can tell. */
static int customer_is_known(struct views *views, const char *site, const char *customer, struct arena *arena)
{
    const char *id = arena_printf(arena, "%s/%s", site, customer);
    struct stored_entity entity;
    if (store_read_entities_one(views->store, partition_of_site(site, views->partitions), ENTITY_CUSTOMER,
                                               &id, 1, arena, &entity) != STORE_OK)
        return -1;
    return entity.version != 0;
}

/* -------- storing */

static bool file_read_json(const struct view_request *request, struct attachment_file *to, struct fault *fault)
{
    json_t *body = json_copy((json_t *)(uintptr_t)request->body);
    json_object_del(body, "site");
    json_object_del(body, "customer");
    bool fine = record_from_json(&attachment_file_record, body, request->arena, to, fault) &&
                record_complete(&attachment_file_record, to, fault) &&
                record_fits(&attachment_file_record, to, fault);
    json_decref(body);
    return fine;
}

static bool file_seal(struct views *views, const char *customer, const struct attachment_file *file, struct buffer *to)
{
    struct buffer plain = {0};
    record_pack(&attachment_file_record, file, 0, &plain);
    bool sealed = seal_make(views->sealer, customer, buffer_slice(&plain), to);
    memset(plain.at, 0, plain.bytes);
    buffer_free(&plain);
    return sealed;
}

static struct view_answer attachment_store(struct views *views, const char *site, const char *customer,
                                           const struct attachment_file *file)
{
    struct buffer sealed = {0}, packed = {0};
    char hash[HASH_BYTES + 1];
    if (!file_seal(views, customer, file, &sealed)) {
        buffer_free(&sealed);
        return view_error(503, "the key store does not answer", "send it again");
    }
    struct attachment kept = {.site = site, .customer = customer, .sealed = buffer_slice(&sealed)};
    record_pack(&attachment_record, &kept, 0, &packed);
    content_hash(buffer_slice(&packed), hash);
    enum store_status status = views->store->functions->content_put(views->store, hash, buffer_slice(&packed));
    buffer_free(&sealed);
    buffer_free(&packed);
    if (status != STORE_OK)
        return store_gone(views);
    return (struct view_answer){200, json_pack("{s:s, s:s, s:I}", "attachment", hash, "customer", customer, "bytes",
                                               (json_int_t)file->content.bytes)};
}

struct view_answer view_attachment_put(struct views *views, const struct view_request *request)
{
    const char *site = json_string_value(json_object_get(request->body, "site"));
    const char *customer = json_string_value(json_object_get(request->body, "customer"));
    struct attachment_file *file = record_new(&attachment_file_record, request->arena);
    struct fault fault;
    if (!site || !customer || !name_is_plain(site) || !name_is_plain(customer))
        return view_error(400, "site and customer are needed", "whose paper is it?");
    if (!request->may_see(request->context, site))
        return view_error(403, "this key has no right at that site", "");
    if (!file_read_json(request, file, &fault))
        return view_error(400, arena_printf(request->arena, "%s: %s", fault.field, fault.what),
                          "name, type, and content in base64, 512 KiB at most");
    int known = customer_is_known(views, site, customer, request->arena);
    if (known < 0)
        return store_gone(views);
    return known ? attachment_store(views, site, customer, file)
                 : view_error(404, "there is no such customer", "record the customer first: customer.recorded");
}

/* -------- showing */

static struct view_answer attachment_open(struct views *views, const struct view_request *request,
                                          const struct attachment *kept)
{
    struct attachment_file *file = record_new(&attachment_file_record, request->arena);
    struct json_style style = {0};
    struct slice plain;
    struct fault fault;
    int opened = seal_open(views->sealer, kept->customer, kept->sealed, request->arena, &plain);
    if (opened < 0)
        return view_error(503, "the key store does not answer", "ask again");
    if (!opened || !record_unpack(&attachment_file_record, plain, request->arena, file, &fault))
        return view_error(410, "nobody can read it any more", "its customer was erased");
    json_t *body = record_to_json(&attachment_file_record, file, &style);
    json_object_set_new(body, "customer", json_string(kept->customer));
    return (struct view_answer){200, body};
}

struct view_answer view_attachment(struct views *views, const struct view_request *request)
{
    const char *hash = strchr(request->rest, '/');
    const char *site = arena_text(request->arena, request->rest, strcspn(request->rest, "/"));
    struct attachment *kept = record_new(&attachment_record, request->arena);
    struct slice packed = {0};
    struct fault fault;
    if (!hash || !hash_is_fine(hash + 1))
        return view_error(400, "which one?", "/v1/attachments/SITE/HASH, as the customer's record names it");
    if (!request->personal || !request->may_see(request->context, site))
        return view_error(403, "this key may not see what is personal there", "");
    if (views->store->functions->content_get(views->store, hash + 1, request->arena, &packed) != STORE_OK)
        return store_gone(views);
    if (!packed.bytes || !record_unpack(&attachment_record, packed, request->arena, kept, &fault) ||
        strcmp(kept->site, site))
        return view_error(404, "there is no such attachment", "");
    return attachment_open(views, request, kept);
}
