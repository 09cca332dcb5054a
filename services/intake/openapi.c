/* GET /v1/openapi.json: made from the tables that the program works by, so that it is never out of date. */
#include <microhttpd.h>
#include <string.h>

#include "intake.h"
#include "version.h"

/* -------- schemas of records */

static json_t *reference(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "#/components/schemas/%.128s", name);
    return json_pack("{s:s}", "$ref", path);
}

static json_t *words_schema(const struct words *words)
{
    json_t *list = json_array();
    for (size_t i = 0; i < words->count; i++)
        json_array_append_new(list, json_string(words->word[i]));
    return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

static json_t *field_schema(const struct field *field)
{
    switch (field->kind) {
    case FIELD_TEXT: return json_pack("{s:s, s:I}", "type", "string", "maxLength", (json_int_t)field->limit);
    case FIELD_WORD: return words_schema(field->words);
    case FIELD_INT: return json_pack("{s:s, s:s}", "type", "integer", "format", "int64");
    case FIELD_TIME: return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
    case FIELD_BOOL: return json_pack("{s:s}", "type", "boolean");
    case FIELD_TEXTS:
        return json_pack("{s:s, s:I, s:{s:s}}", "type", "array", "maxItems", (json_int_t)field->limit, "items", "type",
                         "string");
    case FIELD_BYTES: return json_pack("{s:s, s:s}", "type", "string", "format", "byte");
    case FIELD_MAP: return json_pack("{s:s}", "type", "object");
    case FIELD_RECORDS:
        return json_pack("{s:s, s:I, s:o}", "type", "array", "maxItems", (json_int_t)field->limit, "items",
                         reference(field->record->name));
    }
    return json_object();
}

static void add_record(json_t *schemas, const struct record *record)
{
    if (json_object_get(schemas, record->name))
        return;
    json_t *properties = json_object(), *required = json_array();
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        json_t *schema = field_schema(field);
        json_object_set_new(schema, "description", json_string(field->about));
        json_object_set_new(properties, field->name, schema);
        if (field->flags & REQUIRED)
            json_array_append_new(required, json_string(field->name));
        if (field->kind == FIELD_RECORDS)
            add_record(schemas, field->record);
    }
    json_t *schema = json_pack("{s:s, s:s, s:o, s:b}", "type", "object", "description", record->about, "properties",
                               properties, "additionalProperties", 0);
    if (json_array_size(required))
        json_object_set(schema, "required", required);
    json_decref(required);
    json_object_set_new(schemas, record->name, schema);
}

static json_t *event_schema(const struct event_type *type)
{
    json_t *required = type->class == FACT ? json_pack("[s, s, s, s]", "id", "source", "type", "site")
                                           : json_pack("[s, s]", "type", "site");
    return json_pack(
        "{s:s, s:s, s:o, s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:s}, s:{s:s}, s:{s:s}, s:o}}", "type",
        "object", "description", type->about, "required", required, "properties", "type", "const", type->name, "id",
        "type", "string", "source", "type", "string", "site", "type", "string", "customer", "type", "string",
        "occurred_at", "type", "string", "format", "date-time", "subject", "type", "string", "case", "type", "string",
        "data", reference(type->data->name));
}

static json_t *schemas_of(int class, json_t *schemas)
{
    json_t *list = json_array();
    for (int i = EVENT_UNKNOWN + 1; i < EVENT_COUNT; i++) {
        if (event_types[i].class != class)
            continue;
        add_record(schemas, event_types[i].data);
        json_object_set_new(schemas, event_types[i].name, event_schema(&event_types[i]));
        json_array_append_new(list, reference(event_types[i].name));
    }
    return json_pack("{s:o}", "oneOf", list);
}

/* -------- paths */

static void add_parameter(json_t *list, const char *name, size_t bytes, const char *in)
{
    json_array_append_new(list, json_pack("{s:s%, s:s, s:b, s:{s:s}}", "name", name, bytes, "in", in, "required",
                                          !strcmp(in, "path"), "schema", "type", "string"));
}

/* What stands in braces in the path, and the names at the beginning of each part of "site, state (a, b), limit". */
static json_t *parameters_of(const struct http_route *route)
{
    json_t *list = json_array();
    for (const char *at = route->pattern; (at = strchr(at, '{')); at++)
        add_parameter(list, at[1] == '*' ? "id" : at + 1, at[1] == '*' ? 2 : strcspn(at + 1, "}"), "path");
    int depth = 0;
    for (const char *at = route->query ? route->query : "", *start = at; *at; at++) {
        if (at == start && *at == ' ')
            start++;
        else if (at == start)
            add_parameter(list, at, strcspn(at, " ,("), "query");
        depth += (*at == '(') - (*at == ')');
        if (*at == ',' && !depth)
            start = at + 1;
    }
    return list;
}

static void add_route(json_t *paths, const struct http_route *route, json_t *body_schema)
{
    char path[128], method[8] = "";
    const char *rest = strstr(route->pattern, "{*}");
    snprintf(path, sizeof path, "%.*s%s", rest ? (int)(rest - route->pattern) : (int)strlen(route->pattern),
             route->pattern, rest ? "{id}" : "");
    for (size_t i = 0; route->method[i] && i + 1 < sizeof method; i++)
        method[i] = (char)(route->method[i] | 0x20);
    json_t *operation =
        json_pack("{s:s, s:o, s:{s:{s:s}, s:{s:s}, s:{s:s}}}", "summary", route->about, "parameters",
                  parameters_of(route), "responses", "default", "description", "JSON; errors are {error, field, hint}",
                  "429", "description", "this key is over its rate: send it again after Retry-After seconds", "503",
                  "description", "not now: send it again after Retry-After seconds");
    if (*method == 'p')
        json_object_set_new(json_object_get(operation, "responses"), "4XX",
                            json_pack("{s:s}", "description",
                                      "refused: error says what, field where, hint what would do"));
    if (route->needs == NEEDS_KEY)
        json_object_set_new(operation, "security", json_pack("[{s:[]}]", "key"));
    if (body_schema)
        json_object_set_new(operation, "requestBody",
                            json_pack("{s:b, s:{s:{s:O}}}", "required", 1, "content", "application/json", "schema",
                                      body_schema));
    json_t *operations = json_object_get(paths, path);
    if (!operations) {
        operations = json_object();
        json_object_set_new(paths, path, operations);
    }
    json_object_set_new(operations, method, operation);
}

/* The views that show one thing, by id. */
static bool takes_id(const struct http_route *route)
{
    static const char *const paths[] = {"/v1/tasks/",   "/v1/cases/", "/v1/customers/",
                                        "/v1/notices/", "/v1/books/", "/v1/plans/", "/v1/trace/", "/v1/consumers/"};
    const char *rest = strstr(route->pattern, "{*}");
    for (size_t i = 0; rest && i < sizeof paths / sizeof *paths; i++)
        if (!strncmp(route->pattern, paths[i], (size_t)(rest - route->pattern)))
            return true;
    return !rest;
}

/* What the few views that are posted to read. */
static json_t *settings_schema(const char *pattern)
{
    if (!strcmp(pattern, "/v1/contents"))
        return json_pack("{s:s, s:[s, s, s], s:{s:o, s:{s:s}, s:{s:s, s:s}}}", "type", "object", "required", "kind",
                         "name", "content", "properties", "kind", words_schema(&config_kind_words), "name", "type",
                         "string", "content", "type", "string", "description", "the YAML text");
    if (!strcmp(pattern, "/v1/clock/participants"))
        return json_pack("{s:s, s:[s], s:{s:{s:s}, s:{s:[s, s], s:s}, s:{s:s, s:s}}}", "type", "object", "required",
                         "name", "properties", "name", "type", "string", "wake_at", "type", "string", "integer",
                         "description", "RFC 3339 or milliseconds; left out: busy", "leave", "type", "boolean",
                         "description", "takes part no longer");
    return NULL;
}

static json_t *document(void)
{
    json_t *schemas = json_object(), *paths = json_object();
    json_t *fact = schemas_of(FACT, schemas), *act = schemas_of(ACT, schemas);
    json_t *facts = json_pack("{s:[O, {s:s, s:i, s:O}]}", "oneOf", fact, "type", "array", "maxItems",
                              EVENTS_PER_REQUEST_MAX, "items", fact);
    for (const struct http_route *route = intake_routes; route->method; route++) {
        bool post = !strcmp(route->method, "POST");
        add_route(paths, route, !post ? NULL : route->handler == post_events ? facts : act);
    }
    for (const struct http_route *route = list_routes(); route->method; route++) {
        json_t *body = strcmp(route->method, "POST") ? NULL : settings_schema(route->pattern);
        if (takes_id(route))
            add_route(paths, route, body);
        json_decref(body);
    }
    json_decref(fact);
    json_decref(facts);
    json_decref(act);
    return json_pack("{s:s, s:{s:s, s:s, s:s}, s:o, s:{s:o, s:{s:{s:s, s:s}}}}", "openapi", "3.1.0", "info", "title",
                     "Careline", "version", CARELINE_VERSION, "description",
                     "Facts and acts in, answers out. An acknowledgement means that the event is on disk.", "paths",
                     paths, "components", "schemas", schemas, "securitySchemes", "key", "type", "http", "scheme",
                     "bearer");
}

void get_openapi(struct http_exchange *exchange, void *daemon)
{
    (void)daemon;
    http_answer_json(exchange, MHD_HTTP_OK, document());
}
