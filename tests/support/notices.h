/* notices: a scene with what the notifier needs, for tests of it: a playbook with a gate and channels, staff, texts, and a
 * customer `wang` who can be sent SMS and e-mail. */
#ifndef CARELINE_NOTICES_H
#define CARELINE_NOTICES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/scene.h"

extern struct scene *scene;         /* of the test that runs */

int notices_setup(void **unused);
int notices_teardown(void **unused);

/* Asks for the notice s1/NUMBER to wang; `rest`: more fields of notice.wanted's data, or "". And for one to staff. */
void notice_want(const char *number, const char *rest);
void notice_want_staff(const char *number, const char *to);

/* What the next attempts come to, in order. */
void notice_will_answer(const enum send_result *answers, size_t count);

#define will(...) \
    do { \
        const enum send_result answers_[] = {__VA_ARGS__}; \
        notice_will_answer(answers_, sizeof answers_ / sizeof answers_[0]); \
    } while (0)

/* Of the notice as stored. */
const char *notice_field(const char *number, const char *path);

/* Channels of all attempts, joined by blanks. */
const char *notice_channels_tried(void);

void notice_until(const char *time);

#define assert_field(number, path, expected) assert_string_equal(notice_field(number, path), expected)
#define assert_last(type, name, expected) assert_string_equal(scene_last(scene, type, name), expected)
#define assert_tried(expected) assert_string_equal(notice_channels_tried(), expected)

#define with_notices(test) cmocka_unit_test_setup_teardown(test, notices_setup, notices_teardown)

#endif
