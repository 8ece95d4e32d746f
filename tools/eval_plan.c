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

static bool is_method(const char *name)
{
    for (size_t i = 0; pith_eval_method(i) != NULL; i++)
        if (strcmp(pith_eval_method(i), name) == 0)
            return true;
    return false;
}

int eval_read_methods(const struct command *command, const char *list,
                      struct eval_plan *plan)
{
    char name[EVAL_MAX_NAME];
    if (list == NULL)
        while (pith_eval_method(plan->n_methods) != NULL) {
            snprintf(plan->methods[plan->n_methods], EVAL_MAX_NAME, "%s",
                     pith_eval_method(plan->n_methods));
            plan->n_methods++;
        }
    while (list != NULL && plan->n_methods < EVAL_MAX_ITEMS &&
           next_item(&list, name, sizeof name)) {
        if (!is_method(name))
            return tool_usage(command, "--methods: no method is called "
                                       "\"%s\"", name);
        memcpy(plan->methods[plan->n_methods++], name, sizeof name);
    }
    return TOOL_OK;
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

bool eval_ignores_budget(const char *method)
{
    return strcmp(method, "full") == 0 || strcmp(method, "zero-shot") == 0 ||
           strcmp(method, "stop-words") == 0;
}
