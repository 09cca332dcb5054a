/* What a newer build has said goes through an older one: types, attributes, fields that it does not know are worked past,
 * kept and written again; against both stores. */
#include "support/crew.h"
#include "support/store_rig.h"
#include "support/toy.h"

#include "entity.h"
#include "log.h"
#include "partition.h"

enum { ROUNDS = 4000 };

static struct crew crew;
static struct dice dice;
static char site[16];               /* one of partition 0 */

static void open_crew(struct rig *rig)
{
    dice = dice_of(11);
    crew_open(&crew, rig->store, RIG_PARTITIONS, &dice);
    for (int i = 0; i == 0 || partition_of_site(site, RIG_PARTITIONS); i++)
        snprintf(site, sizeof site, "site%d", i);
}

static void expect_all_worked(void)
{
    assert_true(crew_run(&crew, ROUNDS));
    const char *wrong = crew_check_always(&crew);
    if (wrong)
        fail_msg("%s", wrong);
}

/* As a newer build would pack it. */
static struct slice newer(struct rig *rig, const char *type, const char *id)
{
    struct buffer packed = {0};
    const struct { const char *name, *text; } texts[] = {
        {"id", id}, {"source", "newer"}, {"type", type}, {"site", site}, {"colour", "blue"}, {"dataschema", "2"},
    };
    pack_map(&packed, sizeof texts / sizeof *texts + 2);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pack_text(&packed, texts[i].name);
        pack_text(&packed, texts[i].text);
    }
    pack_text(&packed, "time");
    pack_int(&packed, clock_now(crew.clock));
    pack_text(&packed, "data");
    pack_map(&packed, 3);
    pack_text(&packed, "order");
    pack_text(&packed, id);
    pack_text(&packed, "amount_cents");
    pack_int(&packed, 5);
    pack_text(&packed, "wheels");
    pack_array(&packed, 2);
    pack_uint(&packed, 4);
    pack_text(&packed, "round");
    struct slice kept = {arena_copy(rig->arena, packed.at, packed.bytes), packed.bytes};
    buffer_free(&packed);
    return kept;
}

static struct place append(struct rig *rig, const char *key, struct slice packed)
{
    struct fact fact = {.key = key, .natural = true, .chain_id = dice_chance(&dice), .packed = packed};
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, &fact, 1));
    assert_int_equal(fact.outcome, APPEND_NEW);
    return fact.place;
}

static void assert_stands(struct rig *rig, struct place place, struct slice packed)
{
    struct entry_list entries;
    assert_status(rig, STORE_OK, store_read_log_one(rig->store, 0, place.seq, 1, rig->arena, &entries));
    assert_int_equal(entries.count, 1);
    assert_int_equal(entries.at[0].packed.bytes, packed.bytes);
    assert_memory_equal(entries.at[0].packed.at, packed.at, packed.bytes);
}

/* A type that nobody here knows stands in everybody's way, and in nobody's. */
static void an_unknown_type_is_worked_past(struct rig *rig)
{
    open_crew(rig);
    crew_start_all(&crew, toy_cores);
    assert_true(crew_deliver(&crew, site, "JC1", 3));
    struct slice packed = newer(rig, "car.washed", "W1");
    struct place place = append(rig, "newer\nW1", packed);
    assert_true(crew_deliver(&crew, site, "JC2", 3));
    expect_all_worked();
    assert_int_equal(crew_delivered(&crew), 2);
    for (size_t i = 0; i < crew.member_count; i++) {
        struct stage_report report;
        stage_report(crew.members[i].loop, &report);
        assert_int_equal(report.quarantined, 0);
        assert_int_equal(report.lag, 0);
    }
    assert_stands(rig, place, packed);
    crew_close(&crew);
}

/* A known type with attributes and fields of a newer build is worked as far as it is understood. */
static void unknown_fields_of_a_known_type_do_no_harm(struct rig *rig)
{
    open_crew(rig);
    crew_start_all(&crew, toy_cores);
    struct slice packed = newer(rig, "car.delivered", "JC7");
    struct place place = append(rig, "newer\nJC7", packed);
    expect_all_worked();
    assert_int_equal(crew_delivered(&crew), 1);
    assert_stands(rig, place, packed);
    crew_close(&crew);
}

/* The record of customers with a field more, as a newer build has it. */
struct newer_customer {
    struct customer as_now;
    int64_t loyalty;
};

static struct record newer_record(struct arena *arena)
{
    const struct record *now = &customer_record;
    struct field *fields = arena_alloc(arena, (now->field_count + 1) * sizeof *fields);
    memcpy(fields, now->fields, now->field_count * sizeof *fields);
    fields[now->field_count] = (struct field){.name = "loyalty", .name_bytes = strlen("loyalty"), .kind = FIELD_INT,
                                              .offset = offsetof(struct newer_customer, loyalty), .about = "new"};
    return (struct record){"customer", "newer", sizeof(struct newer_customer), now->unknown_offset, fields, now->field_count + 1};
}

static struct newer_customer newer_customer_of(struct rig *rig, struct stored_entity entity)
{
    struct record record = newer_record(rig->arena);
    struct newer_customer *customer = record_new(&record, rig->arena);
    struct fault fault;
    assert_true(entity_record_unpack(&record, entity.id, entity.packed, rig->arena, customer, &fault));
    return *customer;
}

/* As a newer replica of the stage stores it. */
static struct slice with_loyalty(struct rig *rig, struct stored_entity entity, int64_t loyalty)
{
    struct record record = newer_record(rig->arena);
    struct newer_customer customer = newer_customer_of(rig, entity);
    struct buffer again = {0};
    customer.loyalty = loyalty;
    entity_record_pack(&record, entity.id, &customer, &again);
    struct slice kept = {arena_copy(rig->arena, again.at, again.bytes), again.bytes};
    buffer_free(&again);
    return kept;
}

static void unknown_fields_of_an_entity_survive_its_rewriting(struct rig *rig)
{
    open_crew(rig);
    crew_start(&crew, &toy_scheduler);
    assert_true(crew_deliver(&crew, site, "JC1", 3));
    expect_all_worked();
    crew_kill_all(&crew);
    rig_leases_expire(rig);
    const char *id = arena_printf(rig->arena, "%s/all", site);
    struct stored_entity before = rig_read(rig, ENTITY_CUSTOMER, id);
    struct standing standing = rig_claim(rig, STAGE_SCHEDULER, "newer");
    const struct entity_put put = {.kind = ENTITY_CUSTOMER, .id = id, .version = before.version + 1,
                                   .packed = with_loyalty(rig, before, 5)};
    assert_status(rig, STORE_OK, rig_put(rig, &standing, &put));
    assert_int_equal(newer_customer_of(rig, rig_read(rig, ENTITY_CUSTOMER, id)).loyalty, 5);
    rig_leases_expire(rig);
    crew_start(&crew, &toy_scheduler);
    assert_true(crew_deliver(&crew, site, "JC2", 3));
    expect_all_worked();
    struct stored_entity after = rig_read(rig, ENTITY_CUSTOMER, id);
    assert_true(after.version > before.version + 1);
    assert_int_equal(newer_customer_of(rig, after).loyalty, 5);
    crew_close(&crew);
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"an unknown type is worked past", an_unknown_type_is_worked_past},
        {"unknown fields of a known type do no harm", unknown_fields_of_a_known_type_do_no_harm},
        {"unknown fields of an entity survive its rewriting", unknown_fields_of_an_entity_survive_its_rewriting},
    };
    log_start("test", LEVEL_NONE);
    return RIG_RUN("evolution", cases);
}
