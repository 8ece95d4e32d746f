/*
 * inject.c - runs a program whose Nth system call of a kind fails, or during
 * which a signal comes.  Through ptrace, so that calls of the C library count
 * too; those before main are left alone: the program's first sigaction for
 * SIGPIPE starts the counting.  It ends where gcov opens the first of its files.
 *
 * usage: inject REPORT KIND N EFFECT SECONDS PROGRAM [ARGUMENT]...
 *   KIND    read, write, open, ..., or "any"
 *   N       which of them; 0: none
 *   EFFECT  EIO, ENOSPC, ..., or SIGKILL, SIGINT
 * REPORT gets one line: "exit STATUS" or "signal NUMBER" or "hangs", then
 * "KIND COUNT" for each kind.  Only the first thread is looked at.
 */
#define _GNU_SOURCE

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum kind {
    READ, WRITE, OPEN, STAT, MMAP, RENAME, CLOSE, FSYNC, UNLINK, SEEK, CHANGE,
    LIST, PROCESS, ANY, N_KINDS
};

static const char *const kind_names[N_KINDS] = {
    "read", "write", "open", "stat", "mmap", "rename", "close", "fsync",
    "unlink", "seek", "change", "list", "process", "any"};

static const struct {
    int number;
    enum kind kind;
} calls[] = {
    {SYS_read, READ},
    {SYS_pread64, READ},
    {SYS_readv, READ},
    {SYS_write, WRITE},
    {SYS_pwrite64, WRITE},
    {SYS_writev, WRITE},
    {SYS_openat, OPEN},
    {SYS_newfstatat, STAT},
    {SYS_fstat, STAT},
    {SYS_statx, STAT},
    {SYS_faccessat, STAT},
    {SYS_readlinkat, STAT},
    {SYS_mmap, MMAP},
    {SYS_renameat2, RENAME},
    {SYS_close, CLOSE},
    {SYS_fsync, FSYNC},
    {SYS_fdatasync, FSYNC},
    {SYS_unlinkat, UNLINK},
    {SYS_lseek, SEEK},
    {SYS_ftruncate, SEEK},
    {SYS_fchmod, CHANGE},
    {SYS_fchown, CHANGE},
    {SYS_flock, CHANGE},
    {SYS_mkdirat, CHANGE},
    {SYS_fcntl, CHANGE},
    {SYS_getdents64, LIST},
    {SYS_clone, PROCESS},
    {SYS_pipe2, PROCESS},
    {SYS_wait4, PROCESS},
#if defined(__x86_64__)
    {SYS_open, OPEN},
    {SYS_stat, STAT},
    {SYS_lstat, STAT},
    {SYS_access, STAT},
    {SYS_readlink, STAT},
    {SYS_rename, RENAME},
    {SYS_unlink, UNLINK},
    {SYS_mkdir, CHANGE},
    {SYS_pipe, PROCESS},
#endif
};

enum { N_CALLS = sizeof calls / sizeof *calls };

static const struct {
    const char *name;
    int value;
    bool is_signal;
} effects[] = {{"none", 0, false},
               {"EIO", EIO, false},
               {"ENOSPC", ENOSPC, false},
               {"ENOMEM", ENOMEM, false},
               {"EMFILE", EMFILE, false},
               {"SIGKILL", SIGKILL, true},
               {"SIGINT", SIGINT, true}};

/* --- a call that fails ------------------------------------------------------ */

/* At the entry of a call: another number, which no call has. */
static bool skip_call(pid_t child)
{
#if defined(__x86_64__)
    return ptrace(PTRACE_POKEUSER, child,
                  (void *)offsetof(struct user_regs_struct, orig_rax),
                  (void *)-1L) == 0;
#elif defined(__aarch64__)
    int none = -1;
    struct iovec vector = {&none, sizeof none};
    return ptrace(PTRACE_SETREGSET, child, (void *)NT_ARM_SYSTEM_CALL,
                  &vector) == 0;
#else
    (void)child;
    return false;
#endif
}

/* At its exit. */
static bool set_result(pid_t child, long result)
{
#if defined(__x86_64__)
    return ptrace(PTRACE_POKEUSER, child,
                  (void *)offsetof(struct user_regs_struct, rax),
                  (void *)result) == 0;
#elif defined(__aarch64__)
    struct user_regs_struct registers;
    struct iovec vector = {&registers, sizeof registers};
    if (ptrace(PTRACE_GETREGSET, child, (void *)NT_PRSTATUS, &vector) != 0)
        return false;
    registers.regs[0] = (unsigned long)result;
    return ptrace(PTRACE_SETREGSET, child, (void *)NT_PRSTATUS, &vector) == 0;
#else
    (void)child, (void)result;
    return false;
#endif
}

/* --- following the program -------------------------------------------------- */

struct watch {
    pid_t child;
    enum kind kind; /* that fails */
    long n;         /* which of them */
    int effect;     /* index of effects[] */
    bool counts;    /* main has been entered */
    bool fails;     /* the call that is in progress */
    long counted[N_KINDS];
};

static void give_up(const char *what)
{
    fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int kind_of(unsigned long long number)
{
    for (int i = 0; i < N_CALLS; i++)
        if ((unsigned long long)calls[i].number == number)
            return (int)calls[i].kind;
    return -1;
}

/* Whether a path of the program ends with ".gcda". */
static bool is_gcov(pid_t child, unsigned long long path)
{
    static const char ending[] = ".gcda";
    size_t n_same = 0;
    for (int i = 0; i < 4096; i++) {
        char *at = (char *)(uintptr_t)path + i;
        char c = (char)ptrace(PTRACE_PEEKDATA, child, at, NULL);
        if (c == '\0')
            break;
        n_same = c == ending[n_same] ? n_same + 1 : c == '.';
    }
    return n_same == strlen(ending);
}

static void enter(struct watch *watch, const struct ptrace_syscall_info *info)
{
    if (info->entry.nr == SYS_rt_sigaction && info->entry.args[0] == SIGPIPE)
        watch->counts = true;
    if (info->entry.nr == SYS_openat && is_gcov(watch->child, info->entry.args[1]))
        watch->counts = false;
    int kind = kind_of(info->entry.nr);
    if (!watch->counts || kind < 0)
        return;
    watch->counted[kind]++;
    watch->counted[ANY]++;
    if ((watch->kind != ANY && (int)watch->kind != kind) ||
        watch->counted[watch->kind] != watch->n)
        return;
    if (effects[watch->effect].is_signal)
        kill(watch->child, effects[watch->effect].value);
    else if (kind != CLOSE && !skip_call(watch->child))
        give_up("no call can be made to fail on this machine");
    else
        watch->fails = true; /* close closes, whatever it says */
}

static void leave(struct watch *watch)
{
    if (watch->fails && !set_result(watch->child,
                                    -(long)effects[watch->effect].value))
        give_up("ptrace");
    watch->fails = false;
}

static void look_at_call(struct watch *watch)
{
    struct ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, watch->child, (void *)sizeof info,
               &info) <= 0)
        give_up("PTRACE_GET_SYSCALL_INFO");
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        enter(watch, &info);
    else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
        leave(watch);
}

static pid_t start(char **arguments)
{
    pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(126);
        raise(SIGSTOP);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child ||
        !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL,
               (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) != 0)
        give_up("ptrace");
    return child;
}

/* Its end, as waitpid says it. */
static int follow(struct watch *watch)
{
    long deliver = 0;
    for (;;) {
        int status;
        if (ptrace(PTRACE_SYSCALL, watch->child, NULL, (void *)deliver) != 0 &&
            errno != ESRCH)
            give_up("ptrace");
        if (waitpid(watch->child, &status, 0) != watch->child)
            give_up("waitpid");
        if (!WIFSTOPPED(status))
            return status;
        int stop = WSTOPSIG(status);
        deliver = 0;
        if (stop == (SIGTRAP | 0x80))
            look_at_call(watch);
        else if (stop != SIGTRAP)
            deliver = stop;
    }
}

static pid_t watched;
static volatile sig_atomic_t hangs;

static void end_it(int number)
{
    (void)number;
    hangs = 1;
    kill(watched, SIGKILL);
}

static int index_of(const char *name)
{
    for (int i = 0; i < (int)(sizeof effects / sizeof *effects); i++)
        if (strcmp(effects[i].name, name) == 0)
            return i;
    errno = EINVAL;
    give_up(name);
    return 0;
}

static enum kind kind_named(const char *name)
{
    for (int i = 0; i < N_KINDS; i++)
        if (strcmp(kind_names[i], name) == 0)
            return (enum kind)i;
    errno = EINVAL;
    give_up(name);
    return ANY;
}

static void report(const char *path, const struct watch *watch, int status)
{
    FILE *out = fopen(path, "w");
    if (out == NULL)
        give_up(path);
    if (hangs)
        fputs("hangs 0\n", out);
    else if (WIFSIGNALED(status))
        fprintf(out, "signal %d\n", WTERMSIG(status));
    else
        fprintf(out, "exit %d\n", WEXITSTATUS(status));
    for (int i = 0; i < N_KINDS; i++)
        fprintf(out, "%s %ld\n", kind_names[i], watch->counted[i]);
    if (fclose(out) != 0)
        give_up(path);
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fputs("usage: inject REPORT KIND N EFFECT SECONDS PROGRAM...\n",
              stderr);
        return 2;
    }
    struct watch watch = {.kind = kind_named(argv[2]),
                          .n = strtol(argv[3], NULL, 10),
                          .effect = index_of(argv[4])};
    watched = watch.child = start(argv + 6);
    struct sigaction action = {.sa_handler = end_it, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    alarm((unsigned)strtoul(argv[5], NULL, 10));
    int status = follow(&watch);
    report(argv[1], &watch, status);
    return 0;
}
