/* Leases: who works a partition, how one takes over from another, and how a claim counts the dead. */
#include "support/store_rig.h"

#define STAGE STAGE_FOLLOW_UP

static enum store_status claim(struct rig *rig, const char *owner, struct standing *ret)
{
    return store_claim_one(rig->store, 0, STAGE, owner, RIG_TTL_MS, ret);
}

static enum store_status renew(struct rig *rig, const struct lease *lease, struct standing *ret)
{
    enum store_status one = STORE_GONE;
    assert_status(rig, STORE_OK, rig->calls->renew(rig->store, lease, 1, RIG_TTL_MS, ret, &one));
    return one;
}

static enum store_status commit_to(struct rig *rig, const struct lease *lease, struct checkpoint from,
                                   struct checkpoint to)
{
    struct commit commit = {.lease = *lease, .from = from, .to = to};
    return store_commit_one(rig->store, &commit);
}

static void a_lease_is_held_by_one(struct rig *rig)
{
    struct standing a = rig_claim(rig, STAGE, "a"), other;
    assert_int_equal(a.lease.epoch, 1);
    assert_string_equal(a.lease.owner, "a");
    assert_int_equal(a.lease.stage, STAGE);
    assert_status(rig, STORE_FENCED, claim(rig, "b", &other));
    assert_status(rig, STORE_OK, claim(rig, "a", &a));
    assert_int_equal(a.lease.epoch, 1);
    assert_status(rig, STORE_OK, store_claim_one(rig->store, 0, STAGE_NOTIFIER, "b", RIG_TTL_MS, &other));
    assert_status(rig, STORE_OK, store_claim_one(rig->store, 1, STAGE, "b", RIG_TTL_MS, &other));
}

static void an_expired_lease_goes_to_who_asks(struct rig *rig)
{
    struct standing a = rig_claim(rig, STAGE, "a"), b;
    rig_leases_expire(rig);
    assert_status(rig, STORE_OK, claim(rig, "b", &b));
    assert_int_equal(b.lease.epoch, 2);
    assert_status(rig, STORE_FENCED, renew(rig, &a.lease, &a));
    assert_status(rig, STORE_FENCED, commit_to(rig, &a.lease, a.checkpoint, a.checkpoint));
    assert_status(rig, STORE_FENCED, store_release_one(rig->store, &a.lease));
    assert_status(rig, STORE_OK, renew(rig, &b.lease, &b));
}

/* It can't be renewed, but serves until somebody else claims it: nobody else writes before that. */
static void an_expired_lease_serves_until_it_is_claimed(struct rig *rig)
{
    struct standing a = rig_claim(rig, STAGE, "a");
    rig_leases_expire(rig);
    assert_status(rig, STORE_FENCED, renew(rig, &a.lease, &a));
    assert_status(rig, STORE_OK, commit_to(rig, &a.lease, a.checkpoint, a.checkpoint));
    assert_status(rig, STORE_OK, claim(rig, "a", &a));
    assert_int_equal(a.lease.epoch, 1);
    assert_int_equal(a.unclean, 0);
    assert_status(rig, STORE_OK, commit_to(rig, &a.lease, a.checkpoint, a.checkpoint));
}

static void an_epoch_alone_or_an_owner_alone_is_not_enough(struct rig *rig)
{
    struct standing a = rig_claim(rig, STAGE, "a");
    struct lease wrong_owner = a.lease, wrong_epoch = a.lease;
    strcpy(wrong_owner.owner, "b");
    wrong_epoch.epoch++;
    assert_status(rig, STORE_FENCED, commit_to(rig, &wrong_owner, a.checkpoint, a.checkpoint));
    assert_status(rig, STORE_FENCED, commit_to(rig, &wrong_epoch, a.checkpoint, a.checkpoint));
    assert_status(rig, STORE_FENCED, renew(rig, &wrong_epoch, &a));
    assert_status(rig, STORE_FENCED, store_release_one(rig->store, &wrong_epoch));
}

static void a_released_lease_is_free_at_once(struct rig *rig)
{
    struct standing a = rig_claim(rig, STAGE, "a"), b;
    assert_status(rig, STORE_OK, store_release_one(rig->store, &a.lease));
    assert_status(rig, STORE_FENCED, renew(rig, &a.lease, &a));
    assert_status(rig, STORE_FENCED, store_release_one(rig->store, &a.lease));
    assert_status(rig, STORE_OK, claim(rig, "b", &b));
    assert_int_equal(b.lease.epoch, 2);
    assert_int_equal(b.unclean, 0);
}

static void a_released_lease_gets_a_new_epoch_even_for_the_same_owner(struct rig *rig)
{
    struct standing a = rig_claim(rig, STAGE, "a");
    assert_status(rig, STORE_OK, store_release_one(rig->store, &a.lease));
    assert_status(rig, STORE_OK, claim(rig, "a", &a));
    assert_int_equal(a.lease.epoch, 2);
}

static void takeovers_at_one_checkpoint_are_counted(struct rig *rig)
{
    static const char *const owners[] = {"a", "b", "c", "d"};
    struct standing now;
    rig_append(rig, "s\n1", 11);
    for (int i = 0; i < 4; i++) {
        now = rig_claim(rig, STAGE, owners[i]);
        assert_int_equal(now.unclean, i);
        rig_leases_expire(rig);
    }
    now = rig_claim(rig, STAGE, "e");
    assert_int_equal(now.unclean, 4);
    assert_int_equal(rig_view(rig).stages[STAGE].unclean, 4);
    assert_status(rig, STORE_OK, commit_to(rig, &now.lease, now.checkpoint, now.checkpoint));
    assert_status(rig, STORE_OK, renew(rig, &now.lease, &now));
    assert_int_equal(now.unclean, 4);
    assert_status(rig, STORE_OK, commit_to(rig, &now.lease, now.checkpoint, (struct checkpoint){1, 11}));
    assert_status(rig, STORE_OK, renew(rig, &now.lease, &now));
    assert_int_equal(now.unclean, 0);
    rig_leases_expire(rig);
    assert_int_equal(rig_claim(rig, STAGE, "f").unclean, 1);
}

static void a_clean_release_forgives(struct rig *rig)
{
    rig_claim(rig, STAGE, "a");
    rig_leases_expire(rig);
    struct standing b = rig_claim(rig, STAGE, "b");
    assert_int_equal(b.unclean, 1);
    assert_status(rig, STORE_OK, store_release_one(rig->store, &b.lease));
    assert_int_equal(rig_claim(rig, STAGE, "c").unclean, 0);
}

static void renewing_tells_where_things_stand(struct rig *rig)
{
    struct lease leases[3];
    struct standing each[3], scheduler = rig_claim(rig, STAGE_SCHEDULER, "a");
    enum store_status statuses[3];
    struct entity_put put = {.kind = ENTITY_PLAN, .id = "sample/1", .version = 1, .packed = bytes_of("x"), .due = 5000};
    rig_append(rig, "s\n1", 11);
    rig_append(rig, "s\n2", UINT64_MAX);
    assert_status(rig, STORE_OK, rig_put(rig, &scheduler, &put));
    leases[0] = rig_claim(rig, STAGE, "a").lease;
    assert_status(rig, STORE_OK, commit_to(rig, &leases[0], (struct checkpoint){0}, (struct checkpoint){1, 11}));
    leases[1] = leases[0];
    leases[1].epoch = 9;
    leases[2] = scheduler.lease;
    assert_status(rig, STORE_OK, rig->calls->renew(rig->store, leases, 3, RIG_TTL_MS, each, statuses));
    assert_int_equal(statuses[0], STORE_OK);
    assert_int_equal(statuses[1], STORE_FENCED);
    assert_int_equal(statuses[2], STORE_OK);
    assert_int_equal(each[0].checkpoint.seq, 1);
    assert_int_equal(each[0].checkpoint.id, 11);
    assert_int_equal(each[0].head.seq, 2);
    assert_true(each[0].head.id == UINT64_MAX);
    assert_int_equal(each[0].earliest_due, 5000);
    assert_int_equal(each[2].checkpoint.seq, 0);
    assert_string_equal(each[2].lease.owner, "a");
}

static void many_are_claimed_and_released_at_once(struct rig *rig)
{
    struct standing each[3], b = rig_claim(rig, STAGE, "b");
    struct lease wanted[3] = {b.lease, {.partition = 1, .stage = STAGE, .owner = "a"},
                              {.partition = 0, .stage = STAGE_NOTIFIER, .owner = "a"}};
    enum store_status statuses[3];

    strcpy(wanted[0].owner, "a");
    assert_status(rig, STORE_OK, rig->calls->claim(rig->store, wanted, 3, RIG_TTL_MS, each, statuses));
    assert_int_equal(statuses[0], STORE_FENCED);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(statuses[i], STORE_OK);
        assert_int_equal(each[i].lease.partition, wanted[i].partition);
        assert_int_equal(each[i].lease.stage, wanted[i].stage);
        wanted[i] = each[i].lease;
    }
    assert_status(rig, STORE_OK, rig->calls->release(rig->store, wanted, 3, statuses));
    assert_int_equal(statuses[0], STORE_FENCED);
    assert_int_equal(statuses[1], STORE_OK);
    assert_int_equal(statuses[2], STORE_OK);
    assert_status(rig, STORE_OK, store_claim_one(rig->store, 1, STAGE, "c", RIG_TTL_MS, &each[0]));
    assert_int_equal(each[0].unclean, 0);
}

static void malformed_leases_are_refused(struct rig *rig)
{
    static char owner[OWNER_BYTES_MAX + 1];
    memset(owner, 'o', OWNER_BYTES_MAX);
    struct standing standing;
    assert_status(rig, STORE_REFUSED, claim(rig, "", &standing));
    assert_status(rig, STORE_REFUSED, claim(rig, owner, &standing));
    assert_status(rig, STORE_REFUSED, store_claim_one(rig->store, 0, STAGE_NONE, "a", RIG_TTL_MS, &standing));
    assert_status(rig, STORE_REFUSED, store_claim_one(rig->store, RIG_PARTITIONS, STAGE, "a", RIG_TTL_MS, &standing));
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"a lease is held by one", a_lease_is_held_by_one},
        {"an expired lease goes to who asks", an_expired_lease_goes_to_who_asks},
        {"an expired lease serves until it is claimed", an_expired_lease_serves_until_it_is_claimed},
        {"an epoch alone or an owner alone is not enough", an_epoch_alone_or_an_owner_alone_is_not_enough},
        {"a released lease is free at once", a_released_lease_is_free_at_once},
        {"a released lease gets a new epoch", a_released_lease_gets_a_new_epoch_even_for_the_same_owner},
        {"takeovers at one checkpoint are counted", takeovers_at_one_checkpoint_are_counted},
        {"a clean release forgives", a_clean_release_forgives},
        {"renewing tells where things stand", renewing_tells_where_things_stand},
        {"many are claimed and released at once", many_are_claimed_and_released_at_once},
        {"malformed leases are refused", malformed_leases_are_refused},
    };
    return RIG_RUN("store: leases", cases);
}
