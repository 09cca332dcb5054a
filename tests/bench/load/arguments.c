#include "arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 64 };

struct arguments arguments_of(char **main_words)
{
    for (char **word = main_words + 1; *word; word++)
        if (!strchr(*word, '=')) {
            fprintf(stderr, "%s: %s is not name=value\n", *main_words, *word);
            exit(EXIT_USAGE);
        }
    return (struct arguments){main_words + 1};
}

const char *argument_text(struct arguments arguments, const char *name, const char *otherwise)
{
    size_t length = strlen(name);
    for (char **word = arguments.at; *word; word++)
        if (!strncmp(*word, name, length) && (*word)[length] == '=')
            return *word + length + 1;
    if (!otherwise) {
        fprintf(stderr, "%s= is missing\n", name);
        exit(EXIT_USAGE);
    }
    return otherwise;
}

double argument_number(struct arguments arguments, const char *name, const char *otherwise)
{
    const char *text = argument_text(arguments, name, otherwise);
    char *end;
    double number = strtod(text, &end);
    if (!*text || *end || number < 0) {
        fprintf(stderr, "%s=%s is no number\n", name, text);
        exit(EXIT_USAGE);
    }
    return number;
}

size_t argument_count(struct arguments arguments, const char *name, const char *otherwise)
{
    return (size_t)argument_number(arguments, name, otherwise);
}
