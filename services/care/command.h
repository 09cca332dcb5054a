/* command: one command of `care`, and what it was called with. */
#ifndef CARELINE_COMMAND_H
#define CARELINE_COMMAND_H

#include <stdint.h>

#include "calendar.h"
#include "client.h"

/* How a command ends; documented in `care --help`. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_REFUSED = 1,           /* refused, not found, or a check that found something wrong */
    EXIT_USAGE = 2,             /* called wrongly */
    EXIT_NO_ANSWER = 3,         /* the system does not answer, or cannot take it now */
    EXIT_MISTAKES = 4           /* a file has mistakes, or a scenario does not hold */
};

struct invocation {
    const struct command *command;
    struct arena *arena;
    struct client *client;      /* NULL for commands that need no system */
    const char *dir;
    size_t argument_count;
    const char **arguments;     /* positional, command's name not among them */
    size_t option_count;
    const char **option_names, **option_values;
    bool json;
    bool chinese;
};

struct command {
    const char *name;
    const char *usage;          /* after the name */
    const char *english, *chinese;
    const char *options;        /* names that take a value: " site agent "; flags have a ! before: " !check " */
    const char *details;        /* for COMMAND --help */
    bool offline;               /* needs no running system */
    int (*run)(struct invocation *call);
};

extern const struct command commands[];
extern const size_t command_count;

/* The value of an option ("" for a flag that is there), or NULL. */
const char *option(const struct invocation *call, const char *name);
/* A positional argument, or NULL. */
const char *argument(const struct invocation *call, size_t number);
/* An option, or the environment variable that stands for it; or NULL. */
const char *setting(const struct invocation *call, const char *name, const char *variable);
/* Sets call->client; false with a message printed. Commands that are not `offline` find it done. */
bool connect_call(struct invocation *call);
/* The English or the Chinese text, by the caller's language. */
const char *say(const struct invocation *call, const char *english, const char *chinese);
/* A word of the catalogue as it is said in the caller's language; anything else as it is. */
const char *word_said(const struct invocation *call, const char *word);
/* The site: --site, the part of `id` before the slash, CARELINE_SITE, or the run's own; NULL with a message printed. */
const char *site_of_call(const struct invocation *call, const char *id);

/* An id with its site before it; NULL with a message printed where no site is known. NULL stays NULL. */
const char *full_id(const struct invocation *call, const char *id);
/* The calendar in force at the site, so that dates mean what they mean there; NULL: none, or no answer. */
const struct calendar *site_calendar(const struct invocation *call, const char *site);
/* A time without an offset is the site's own; anything else is given back as it is. */
const char *site_time(const struct invocation *call, const char *site, const char *text);

/* Puts a text into an act's data; NULL is left out. */
void put_text(json_t *data, const char *name, const char *value);
/* Puts the whole number of an option, if it is given; false with a message printed if it is none. */
bool put_number(const struct invocation *call, json_t *data, const char *name, const char *from);
/* PATH/ID of the first argument; NULL with a message printed where no site is known. */
const char *path_of_one(struct invocation *call, const char *path);

/* Prints what went wrong with an answer and gives the exit code. */
int answer_failed(const struct invocation *call, const struct client_answer *answer);

/* Posts an act and prints its result; gives the exit code. `data` is taken over. */
int act(struct invocation *call, const char *type, const char *site, json_t *data);

/* Prints a JSON value: as it is with --json, else as a table of these columns. `columns` reads
 * "key=Heading/标题,key=Heading/标题"; a key may be a path such as contact.name. */
void print_list(const struct invocation *call, const json_t *list, const char *columns);
/* One value of an object with its name before it; nothing if there is none. */
void print_line(const struct invocation *call, const char *name, const json_t *object, const char *key);
void print_json(const json_t *value);
/* One event as a line. */
void print_event(struct invocation *call, const json_t *event);

/* Shows what the setting in the file would move of what is planned at the site; `kind` is what the file must be. */
int settings_diff(struct invocation *call, const char *path, int kind);
struct setting_file;
/* Gives the plans that a setting concerns, which is in force by now, their times anew. */
int settings_move(struct invocation *call, const char *site, const struct setting_file *setting);

/* The data of an event of this type, from arguments key=value, the first of them at `first`; NULL with a message printed.
 * The caller owns it. */
json_t *typed_data(struct invocation *call, const char *type, size_t first);

/* How consumers are listed. */
extern const char consumer_columns[];

/* The whole of a file; false with a message printed. At most 256 MiB. */
bool file_read(const char *path, struct arena *arena, const uint8_t **ret_at, size_t *ret_bytes);

int run_post(struct invocation *call);
int run_import(struct invocation *call);
int run_apply(struct invocation *call);
int run_tail(struct invocation *call);
int run_template(struct invocation *call);
int run_customers(struct invocation *call);
int run_customer(struct invocation *call);
int run_tasks(struct invocation *call);
int run_screen(struct invocation *call);
int run_claim(struct invocation *call);
int run_release(struct invocation *call);
int run_reassign(struct invocation *call);
int run_reschedule(struct invocation *call);
int run_outcome(struct invocation *call);
int run_absent(struct invocation *call);
int run_cases(struct invocation *call);
int run_case(struct invocation *call);
int run_complaints(struct invocation *call);
int run_books(struct invocation *call);
int run_plans(struct invocation *call);
int run_attach(struct invocation *call);
int run_points(struct invocation *call);
int run_board(struct invocation *call);
int run_trace(struct invocation *call);
int run_notices(struct invocation *call);
int run_status(struct invocation *call);
int run_consumers(struct invocation *call);
int run_check(struct invocation *call);
int run_backup(struct invocation *call);
int run_restore(struct invocation *call);
int run_keys(struct invocation *call);
int run_functions(struct invocation *call);
int run_simulate(struct invocation *call);
int run_forms(struct invocation *call);
int run_form(struct invocation *call);
int run_playbook(struct invocation *call);
int run_calendar(struct invocation *call);
int run_robots(struct invocation *call);

#endif
