/* document: prints what the tables of events, records and words say, for people and for tools.
 *
 *   document asyncapi    an AsyncAPI 3 document (proto/asyncapi.json)
 *   document catalogue   tables in Markdown (proto/EVENTS.md) */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "event.h"

static const struct record *const records[] = {
#define RECORD(name, about) &name##_record,
#define RECORD_END(name)
#define TEXT(...)
#define WORD_OF(...)
#define INT(...)
#define TIME(...)
#define BOOL(...)
#define TEXTS(...)
#define BYTES(...)
#define MAP(...)
#define RECORDS(...)
#include "records.def"
};

enum { RECORD_COUNT = sizeof records / sizeof records[0] };

static const char *class_text(int class)
{
    static const char *const texts[] = {[FACT - FACT] = "fact", [ACT - FACT] = "act", [ANY_STAGE - FACT] = "any stage"};
    return class >= FACT ? texts[class - FACT] : stage_names[class];
}

/* Who may append it: its class, and the stages that may append a fact or an act. */
static const char *from_text(enum event_number number, char text[96])
{
    int class = event_types[number].class;
    int bytes = snprintf(text, 96, "%s", class_text(class));
    for (int stage = STAGE_NONE + 1; stage < STAGE_COUNT && (class == FACT || class == ACT); stage++)
        if (stage_may_append((enum stage)stage, number))
            bytes += snprintf(text + bytes, 96 - (size_t)bytes, ", %s", stage_names[stage]);
    return text;
}

/* -------- AsyncAPI */

static json_t *reference(const char *kind, const char *name)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/components/%s/%s", kind, name));
}

static json_t *word_schema(const struct words *words)
{
    json_t *list = json_array();
    for (size_t i = 1; i < words->count; i++)
        json_array_append_new(list, json_string(words->word[i]));
    return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

/* A limit in bytes is also one in characters. */
static json_t *kind_schema(const struct field *field)
{
    json_int_t limit = (json_int_t)field->limit;
    switch (field->kind) {
    case FIELD_TEXT: return json_pack("{s:s, s:I}", "type", "string", "maxLength", limit);
    case FIELD_WORD: return word_schema(field->words);
    case FIELD_INT: return json_pack("{s:s, s:s}", "type", "integer", "format", "int64");
    case FIELD_TIME:
        return json_pack("{s:s, s:s, s:s}", "type", "integer", "format", "int64", "x-unit", "ms since 1970 UTC");
    case FIELD_BOOL: return json_pack("{s:s}", "type", "boolean");
    case FIELD_TEXTS:
        return json_pack("{s:s, s:{s:s, s:i}, s:I}", "type", "array", "items", "type", "string", "maxLength",
                         TEXT_OF_LIST_BYTES_MAX, "maxItems", limit);
    case FIELD_BYTES: return json_pack("{s:s, s:s, s:I}", "type", "string", "format", "binary", "maxLength", limit);
    case FIELD_MAP: return json_pack("{s:s, s:I}", "type", "object", "x-max-bytes", limit);
    case FIELD_RECORDS: return json_pack("{s:s, s:o, s:I}", "type", "array", "items",
                                         reference("schemas", field->record->name), "maxItems", limit);
    }
    return json_object();
}

static json_t *record_schema(const struct record *record)
{
    json_t *properties = json_object(), *required = json_array();
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        json_t *schema = kind_schema(field);
        json_object_set_new(schema, "description", json_string(field->about));
        if (field->flags & PERSONAL)
            json_object_set_new(schema, "x-personal", json_true());
        if (field->flags & REQUIRED)
            json_array_append_new(required, json_string(field->name));
        json_object_set_new(properties, field->name, schema);
    }
    json_t *schema =
        json_pack("{s:s, s:s, s:o}", "type", "object", "description", record->about, "properties", properties);
    if (json_array_size(required))
        json_object_set(schema, "required", required);
    json_decref(required);
    return schema;
}

static json_t *all_schemas(void)
{
    json_t *schemas = json_object();
    json_object_set_new(schemas, event_record.name, record_schema(&event_record));
    for (size_t i = 0; i < RECORD_COUNT; i++)
        json_object_set_new(schemas, records[i]->name, record_schema(records[i]));
    return schemas;
}

static json_t *message(enum event_number number)
{
    const struct event_type *type = &event_types[number];
    char from[96];
    json_t *own = json_pack("{s:{s:{s:s}, s:o}}", "properties", "type", "const", type->name, "data",
                            reference("schemas", type->data->name));
    return json_pack("{s:s, s:s, s:s, s:s, s:{s:[o, o]}}", "name", type->name, "summary", type->about, "contentType",
                     "application/msgpack", "x-appended-by", from_text(number, from), "payload", "allOf",
                     reference("schemas", event_record.name), own);
}

static json_t *all_messages(void)
{
    json_t *messages = json_object();
    for (int number = 1; number < EVENT_COUNT; number++)
        json_object_set_new(messages, event_types[number].name, message((enum event_number)number));
    json_object_set_new(messages, "due", json_pack("{s:s, s:s, s:{s:s, s:s}}", "name", "due", "summary",
                                                   "earliest due time of a partition: 8 bytes, big-endian", "payload",
                                                   "type", "string", "format", "binary"));
    return messages;
}

static json_t *channel(const char *address, const char *about, const char *parameter, json_t *messages)
{
    return json_pack("{s:s, s:s, s:{s:{}}, s:o}", "address", address, "description", about, "parameters", parameter,
                     "messages", messages);
}

static json_t *event_references(void)
{
    json_t *references = json_object();
    for (int number = 1; number < EVENT_COUNT; number++)
        json_object_set_new(references, event_types[number].name, reference("messages", event_types[number].name));
    return references;
}

static json_t *all_channels(void)
{
    json_t *due = json_object();
    json_object_set_new(due, "due", reference("messages", "due"));
    json_t *channels = json_object();
    json_object_set_new(channels, "partition",
                        channel("p/{partition}/",
                                "every event of a partition, for readers that want no gaps; four digits", "partition",
                                event_references()));
    json_object_set_new(
        channels, "type",
        channel("e/{type}/", "events of one type, for anyone who only wants to listen", "type", event_references()));
    json_object_set_new(channels, "due", channel("t/{partition}", "when the partition's next timer is due; four digits",
                                                 "partition", due));
    return channels;
}

static json_t *operation(const char *name)
{
    return json_pack("{s:s, s:{s:o}}", "action", "send", "channel", "$ref", json_sprintf("#/channels/%s", name));
}

static int print_asyncapi(void)
{
    json_t *document =
        json_pack("{s:s, s:{s:s, s:s, s:s}, s:s, s:o, s:{s:o, s:o, s:o}, s:{s:o, s:o}}", "asyncapi", "3.0.0", "info",
                  "title", "Careline events", "version", "1", "description",
                  "What Careline says on its bus. PROTOCOL.md beside this file tells how to listen without gaps.",
                  "defaultContentType", "application/msgpack", "channels", all_channels(), "operations",
                  "publishPartition", operation("partition"), "publishType", operation("type"), "publishDue",
                  operation("due"), "components", "messages", all_messages(), "schemas", all_schemas());
    if (!document || json_dumpf(document, stdout, JSON_INDENT(2)))
        return 1;
    json_decref(document);
    return puts("") < 0;
}

/* -------- catalogue */

static const char *kind_text(const struct field *field, char text[96])
{
    switch (field->kind) {
    case FIELD_TEXT: snprintf(text, 96, "text, %zu bytes", field->limit); break;
    case FIELD_WORD: snprintf(text, 96, "[%s](#%s)", field->words->name, field->words->name); break;
    case FIELD_INT: snprintf(text, 96, "whole number"); break;
    case FIELD_TIME: snprintf(text, 96, "time"); break;
    case FIELD_BOOL: snprintf(text, 96, "true or false"); break;
    case FIELD_TEXTS: snprintf(text, 96, "%zu texts at most", field->limit); break;
    case FIELD_BYTES: snprintf(text, 96, "bytes, %zu", field->limit); break;
    case FIELD_MAP: snprintf(text, 96, "map, %zu bytes", field->limit); break;
    case FIELD_RECORDS:
        snprintf(text, 96, "%zu [%s](#%s) at most", field->limit, field->record->name, field->record->name);
        break;
    }
    return text;
}

static void print_record(const struct record *record)
{
    printf("\n### %s\n%s.\n\n| field | kind | | about |\n|---|---|---|---|\n", record->name, record->about);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        char kind[96];
        printf("| `%s` | %s | %s | %s |\n", field->name, kind_text(field, kind),
               field->flags & REQUIRED ? "required" : field->flags & PERSONAL ? "personal" : "", field->about);
    }
}

static void print_events(int from_class, int to_class, const char *title)
{
    printf("\n## %s\n\n| event | data | from | about |\n|---|---|---|---|\n", title);
    for (int number = 1; number < EVENT_COUNT; number++) {
        const struct event_type *type = &event_types[number];
        char from[96];
        if (type->class >= from_class && type->class <= to_class)
            printf("| `%s` | [%s](#%s) | %s | %s |\n", type->name, type->data->name, type->data->name,
                   from_text((enum event_number)number, from), type->about);
    }
}

static void print_words(const struct words *words)
{
    printf("\n### %s\n", words->name);
    for (size_t i = 1; i < words->count; i++)
        printf("%s`%s`", i > 1 ? ", " : "", words->word[i]);
    printf("\n");
}

static int print_catalogue(void)
{
    printf(
        "# Events\n\nPrinted by `make documents` from the tables beside this file; change those. "
        "[PROTOCOL.md](PROTOCOL.md) tells how\nevents travel. Fields marked personal travel only sealed. A field that "
        "is empty is left out.\n");
    print_events(FACT, FACT, "Facts: what happened outside");
    print_events(ACT, ACT, "Acts: what somebody asks to be done");
    print_events(STAGE_NONE, STAGE_COUNT, "Results: what a stage made of it");
    print_events(ANY_STAGE, ANY_STAGE, "Results of any stage");
    printf("\n## Entities: what is stored\n\n| kind | letter | record | stage | about |\n|---|---|---|---|---|\n");
    for (int kind = 0; kind < ENTITY_COUNT; kind++)
        printf("| `%s` | %c | [%s](#%s) | %s | %s |\n", entity_types[kind].name, entity_types[kind].letter,
               entity_types[kind].record->name, entity_types[kind].record->name, stage_names[entity_types[kind].stage],
               entity_types[kind].about);
    printf("\n## Records\n");
    print_record(&event_record);
    for (size_t i = 0; i < RECORD_COUNT; i++)
        print_record(records[i]);
    printf("\n## Words\n");
#define WORDS(list) print_words(&list##_words);
#define WORD(constant, word)
#define WORDS_END(list)
#include "words.def"
    return ferror(stdout);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "asyncapi"))
        return print_asyncapi();
    if (argc == 2 && !strcmp(argv[1], "catalogue"))
        return print_catalogue();
    fprintf(stderr, "usage: document asyncapi | catalogue\n");
    return 2;
}
