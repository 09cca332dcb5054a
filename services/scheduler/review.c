#include <string.h>

#include "ident.h"
#include "scheduler.h"
#include "seal.h"

/* What is doubtful about a customer's record: others with the same number, address or plate; contacts that cannot be right.
 * Looked at when a rule that comes again asks for it, so that it costs nothing while facts come in. Contacts are compared by
 * keyed hash. */

enum { ALIKE_MAX = 16, ALIKE_BYTES_MAX = 500, PHONE_DIGITS_MIN = 7, PHONE_DIGITS_MAX = 15 };

struct review {
    struct turn *turn;
    const struct customer *customer;
    const char *alike;              /* ids, separated by commas */
};

static const struct customer_recorded *person_of(struct turn *turn, const struct customer *customer)
{
    return turn_open(turn, ident_local(customer->id), customer->sealed, &customer_recorded_record);
}

/* -------- others like it */

static const char *const kinds[] = {"mobile", "email", "plate"};

static const char *contact_of(const struct customer_recorded *person, const char *kind)
{
    const struct field *field = record_field(&customer_recorded_record, kind);
    const char *told = *(const char *const *)((const char *)person + field->offset);
    return told ? told : "";
}

static bool has_same(struct review *review, const char *other, const char *kind, const char *key)
{
    const char *site = review->customer->site;
    const struct customer *customer = turn_get(review->turn, ENTITY_CUSTOMER, ident_make(turn_arena(review->turn), site, "%s", other));
    const struct customer_recorded *person = customer && !*customer->merged_into ? person_of(review->turn, customer) : NULL;
    return person && !strcmp(turn_contact_key(review->turn, site, contact_of(person, kind)), key);
}

/* Of two that are alike, the one whose id comes later is told: one piece of work for the pair. */
static void alike_add(struct review *review, const char *other)
{
    const char *found = strstr(review->alike, other);
    char after = found ? found[strlen(other)] : 0;
    bool known = found && (found == review->alike || found[-1] == ',') && (!after || after == ',');
    if (known || strlen(review->alike) + strlen(other) + 1 > ALIKE_BYTES_MAX)
        return;
    review->alike = arena_printf(turn_arena(review->turn), "%s%s%s", review->alike, *review->alike ? "," : "", other);
}

static void look_up(struct review *review, const char *kind, const char *contact)
{
    struct turn *turn = review->turn;
    const char *own = ident_local(review->customer->id), *key = turn_contact_key(turn, review->customer->site, contact);
    const char *id = ident_make(turn_arena(turn), review->customer->site, "%s.%s", kind, key);
    const struct likeness *stored = turn_get(turn, ENTITY_LIKENESS, id);
    struct likeness after = {.id = id, .customers = {arena_alloc(turn_arena(turn), ALIKE_MAX * sizeof(const char *)), 0}};
    bool known = false;
    for (size_t i = 0; stored && i < stored->customers.count; i++) {
        const char *other = stored->customers.at[i];
        bool is_own = !strcmp(other, own);
        if (!is_own && !has_same(review, other, kind, key))
            continue;               /* merged, or told another one since */
        if (!is_own && strcmp(other, own) < 0)
            alike_add(review, other);
        known |= is_own;
        after.customers.at[after.customers.count++] = other;
    }
    if (!known && after.customers.count < ALIKE_MAX)
        after.customers.at[after.customers.count++] = own;
    if (!known || after.customers.count != stored->customers.count)
        turn_put(turn, ENTITY_LIKENESS, id, &after, 0, "");
}

/* -------- contacts that cannot be right */

static bool mobile_is_wrong(const char *mobile)
{
    size_t digits = strspn(mobile + (*mobile == '+'), "0123456789");
    bool foreign = *mobile == '+';
    if (mobile[(foreign ? 1 : 0) + digits] || digits < PHONE_DIGITS_MIN || digits > PHONE_DIGITS_MAX)
        return true;
    return !foreign && *mobile == '1' && (digits != 11 || mobile[1] < '3');
}

static bool email_is_wrong(const char *email)
{
    const char *at = strchr(email, '@');
    return !at || at == email || !strchr(at, '.') || strchr(at + 1, '@') || strpbrk(email, " \t\r\n<>");
}

static const char *wrong_contacts(struct turn *turn, const struct customer_recorded *person)
{
    bool mobile = *person->mobile && mobile_is_wrong(contact_normal(turn_arena(turn), person->mobile));
    bool email = *person->email && email_is_wrong(person->email);
    return mobile && email ? "mobile,email" : mobile ? "mobile" : email ? "email" : "";
}

/* -------- both */

const struct customer *customer_review(struct turn *turn, const struct customer *customer)
{
    struct review review = {turn, customer, ""};
    const struct customer_recorded *person = person_of(turn, customer);
    for (size_t i = 0; person && i < sizeof kinds / sizeof kinds[0]; i++)
        if (*contact_of(person, kinds[i]))
            look_up(&review, kinds[i], contact_of(person, kinds[i]));
    const char *wrong = person ? wrong_contacts(turn, person) : "";
    if (!strcmp(review.alike, customer->alike) && !strcmp(wrong, customer->wrong_contacts))
        return customer;
    struct customer after = *customer;
    after.alike = review.alike;
    after.wrong_contacts = wrong;
    customer_keep(turn, &after);
    return turn_get(turn, ENTITY_CUSTOMER, customer->id);
}

bool conditions_ask_review(const struct condition_list *when)
{
    for (size_t i = 0; i < when->count; i++)
        if (!strcmp(when->at[i].path, "customer.alike") || !strcmp(when->at[i].path, "customer.wrong_contacts"))
            return true;
    return false;
}
