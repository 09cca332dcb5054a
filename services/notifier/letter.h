/* letter: one notice being worked within one turn, and what the parts of the notifier do to it.
 *
 *   wanted --gate open--> sending --accepted--> sent
 *     |  later: waiting      | temporary: retrying, then the next channel, after the last: dead
 *     |  closed: skipped     | unknown: retrying or held, as the channel's rules say
 *
 * A letter is a copy of the stored notice with all that is needed to decide about it. */
#ifndef CARELINE_NOTIFIER_LETTER_H
#define CARELINE_NOTIFIER_LETTER_H

#include "core.h"
#include "gate.h"
#include "site.h"

enum {
    NOTICE_CHANNELS_MAX = 8,
    CONTACTS_KEPT_MAX = 64,
    RELEASE_MAX = 256               /* notices let go at once when sending goes on; the rest follow */
};

struct letter {
    struct turn *turn;
    struct arena *arena;
    wall_ms now;
    const struct site *site;                /* NULL: nothing is set up for it */
    const struct calendar *calendar;        /* never NULL */
    const struct customer *customer;        /* NULL: staff, not known (yet), or not asked for: letter_know_customer */
    struct notice notice;
};

/* -------- the notice (letter.c) */

/* Opens the stored notice; false: there is none. */
bool letter_load(struct letter *letter, struct turn *turn, const char *id);

/* A notice that is not stored yet, as it was asked for. */
void letter_new(struct letter *letter, struct turn *turn, const struct event *event,
                const struct notice_wanted *wanted);

/* Looks the customer up, as the record is now. */
void letter_know_customer(struct letter *letter);

/* Takes its text from what is now in force; false: no set has it. */
bool letter_find_text(struct letter *letter);

/* Stores it: its timer if it waits, its place in the queue by its state. */
void letter_save(struct letter *letter);

/* Appends what became of it. */
void letter_emit(struct letter *letter, enum event_number number, int result, wall_ms until, const char *reason,
                 const char *detail);

/* The channel being tried; NOTICE_CHANNEL_NONE: there is none left. */
int letter_channel(const struct letter *letter);

/* Ends: it will not be sent; no channel took it; a person decides. */
void letter_skip(struct letter *letter, const char *reason);
void letter_die(struct letter *letter, const char *reason, const char *detail);
void letter_hold(struct letter *letter, const char *reason, const char *detail);

/* -------- to whom (recipient.c) */

/* Sets the channels that reach the recipient, in order of preference; false: none does. */
bool letter_address(struct letter *letter);

/* Those of the staff who are meant by a role: present, else their deputies, else all. Ids. */
struct texts staff_of_role(const struct site *site, const char *role, struct arena *arena);

/* -------- contacts made with customers (contacts.c) */

/* The id of this customer's: records that were merged share those of the one that stays. */
const char *contacts_of(struct turn *turn, const char *site, const char *customer);
/* Those of the letter's customer, who is known, but for those of the notice itself. NULL: none. */
const struct contacts *contacts_before(const struct letter *letter);
/* `once`: one that is noted about the same thing gives way. What and about last as long as the turn. */
void contact_note(struct turn *turn, const char *id, const char *what, const char *about, bool once);
void contact_forget(struct turn *turn, const char *id, const char *about);

/* -------- rules of a channel (channel_rules.c) */

const struct channel_rules *channel_rules_of(const struct site *site, int channel);

/* When the next attempt by the same channel is made; 0: no more by this one. */
wall_ms retry_at(const struct letter *letter);

/* -------- digests for staff (digest.c) */

enum { VARIABLES_BYTES_MAX = 4096 };

/* Is it told together with others later? Then it is skipped, reason digest. */
bool digest_takes(struct letter *letter);
void on_digest_timer(struct turn *turn, const char *id);

/* -------- no playbook floods (pace.c) */

/* Counts the notice; false: its playbook is stopped (told if this was the one too many), so it has to wait. */
bool pace_allows(struct letter *letter);

bool pace_is_stopped(struct turn *turn, const char *site, const char *playbook);
/* false: it was not stopped. */
bool pace_resume(struct turn *turn, const char *site, const char *playbook);

/* Where what waits because of that stands. */
const char *pace_queue(struct arena *arena, const char *site, const char *playbook);

/* -------- attempts (attempts.c) */

/* Sends it now if nothing speaks against it; else says when or that it never will. Stores it. */
void letter_try(struct letter *letter);

/* An attempt has come to an end. Stores it. */
void letter_finish(struct letter *letter, int result, const char *detail);

/* The channel had taken it, but it did not arrive: the next channel. Stores it. */
void letter_came_back(struct letter *letter, const char *reason, const char *detail);

/* -------- handlers */

void on_notice_wanted(struct turn *turn, const struct event *event, const void *data);
void on_send_finished(struct turn *turn, const struct event *event, const void *data);
void on_receipt_arrived(struct turn *turn, const struct event *event, const void *data);
void on_notice_resend(struct turn *turn, const struct event *event, const void *data);
void on_sending_pause(struct turn *turn, const struct event *event, const void *data);
void on_sending_resume(struct turn *turn, const struct event *event, const void *data);
void on_contacts_merged(struct turn *turn, const struct event *event, const void *data);
void on_call_made(struct turn *turn, const struct event *event, const void *data);
void on_notice_timer(struct turn *turn, const char *id);

/* Lets go what waits in this queue (its prefix), a piece at a time. */
void paused_release(struct turn *turn, const char *queue);
/* Where what waits because all sending of the site is paused stands. */
const char *paused_queue(struct arena *arena, const char *site);

/* A person has let it go. */
bool letter_was_released(const struct letter *letter);

#endif
