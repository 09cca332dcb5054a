/* arguments: what a generator is told on its command line, as name=value. */
#ifndef CARELINE_BENCH_ARGUMENTS_H
#define CARELINE_BENCH_ARGUMENTS_H

#include <stddef.h>

/* All of them: main's, without the program's name, NULL at the end. The program ends with a message when one is not
 * name=value. */
struct arguments { char **at; };
struct arguments arguments_of(char **main_words);

/* The value of a name; `otherwise` if it is not there, and the program ends with a message if that is NULL. */
const char *argument_text(struct arguments arguments, const char *name, const char *otherwise);
/* The same as a number; the program ends with a message if it is none. */
double argument_number(struct arguments arguments, const char *name, const char *otherwise);
size_t argument_count(struct arguments arguments, const char *name, const char *otherwise);

#endif
