/*
 * align_group.c - the processes that share a run of `pith align`, by MPI.
 *
 * Built with PITH_MPI (make MPI=1) it is the one file that knows of MPI; a
 * program built without is always alone.
 */
#include "align.h"

#if defined(PITH_MPI)

#include <limits.h>
#include <mpi.h>

static int sum(void *values, size_t n, size_t size, MPI_Datatype type)
{
    char *at = values;
    while (n > 0) {
        int m = n < INT_MAX / 16 ? (int)n : INT_MAX / 16;
        int failed = MPI_Allreduce(MPI_IN_PLACE, at, m, type, MPI_SUM,
                                   MPI_COMM_WORLD) != MPI_SUCCESS;
        if (failed)
            return 1;
        at += (size_t)m * size;
        n -= (size_t)m;
    }
    return 0;
}

static int sum_floats(void *user, float *values, size_t n)
{
    (void)user;
    return sum(values, n, sizeof *values, MPI_FLOAT);
}

static int sum_doubles(void *user, double *values, size_t n)
{
    (void)user;
    return sum(values, n, sizeof *values, MPI_DOUBLE);
}

int align_group_open(struct align_group *group)
{
    int rank, n_ranks;
    *group = (struct align_group){0};
    if (MPI_Init(NULL, NULL) != MPI_SUCCESS ||
        MPI_Comm_rank(MPI_COMM_WORLD, &rank) != MPI_SUCCESS ||
        MPI_Comm_size(MPI_COMM_WORLD, &n_ranks) != MPI_SUCCESS)
        return tool_fail("MPI does not start");
    group->is_open = true;
    group->group = (struct pith_align_group){
        rank, n_ranks, sum_floats, sum_doubles, NULL};
    return TOOL_OK;
}

int align_group_close(struct align_group *group, int code)
{
    if (!group->is_open)
        return code;
    if (code != TOOL_OK && group->group.n_ranks > 1)
        MPI_Abort(MPI_COMM_WORLD, code);
    MPI_Finalize();
    return code;
}

#else

int align_group_open(struct align_group *group)
{
    *group = (struct align_group){.group = {.rank = 0, .n_ranks = 1}};
    return TOOL_OK;
}

int align_group_close(struct align_group *group, int code)
{
    (void)group;
    return code;
}

#endif
