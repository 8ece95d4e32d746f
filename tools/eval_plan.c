/*
 * eval_plan.c - the methods and budgets that a command line asks for.
 */
#include <stdlib.h>
#include <string.h>

#include "eval.h"

/* The next item of a comma-separated list; false at its end. */
static bool next_item(const char **list, char *item, size_t size)
{
    size_t n = strcspn(*list, ",");
    if (**list == '\0')
        return false;
    size_t kept = n < size ? n : size - 1;
    memcpy(item, *list, kept);
    item[kept] = '\0';
    *list += n + ((*list)[n] == ',');
    return true;
}

static int add_method(const struct command *command, const char *name,
                      struct eval_plan *plan)
{
    struct eval_method *method = &plan->methods[plan->n_methods];
    struct pith_error error;
    if (pith_eval_look_up(name, &method->traits, &error) != PITH_OK)
        return tool_usage(command, "--methods: %s", error.detail);
    snprintf(method->name, sizeof method->name, "%s", name);
    plan->n_methods++;
    return TOOL_OK;
}

int eval_read_methods(const struct command *command, const char *list,
                      struct eval_plan *plan)
{
    char name[EVAL_MAX_NAME];
    int code = TOOL_OK;
    for (size_t i = 0; list == NULL && code == TOOL_OK &&
                       pith_eval_method(i) != NULL; i++)
        code = add_method(command, pith_eval_method(i), plan);
    while (list != NULL && code == TOOL_OK &&
           plan->n_methods < EVAL_MAX_ITEMS &&
           next_item(&list, name, sizeof name))
        code = add_method(command, name, plan);
    return code;
}

int eval_read_numbers(const struct command *command, const char *option,
                      const char *list, double low, struct eval_plan *plan)
{
    char item[EVAL_MAX_NAME], *end;
    while (plan->n_numbers < EVAL_MAX_ITEMS &&
           next_item(&list, item, sizeof item)) {
        double number = strtod(item, &end);
        if (end == item || *end != '\0' || !(number >= low && number <= 1e6))
            return tool_usage(command, "%s: found \"%s\", expected numbers "
                                       "from %g on", option, item, low);
        plan->numbers[plan->n_numbers++] = number;
    }
    return TOOL_OK;
}
