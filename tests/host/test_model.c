/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sequences of calls on the core and on the executable model of the manual, compared.
 *
 *   test_model                       some, for a part of them the whole states compared after
 *                                    each call
 *   test_model long SEQUENCES JOBS   many, by several processes, compared at each sequence's end
 *   test_model seed SEED             one of them, as the first form does it
 */
#include "../model/sequence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SEQUENCES = 1000, SEQUENCES_MORE = 7000, JOBS_MAX = 64, PROGRESS_SECONDS = 60 };

static bool one(uint64_t seed, enum sequence_checks checks)
{
    const char *wrong = sequence_run(NULL, 0, seed, checks);
    if (wrong)
        printf("# seed %llu: %s\n", (unsigned long long)seed, wrong);
    return !wrong;
}

static bool some(void)
{
    bool good = true;
    for (uint64_t seed = 1; seed <= SEQUENCES + SEQUENCES_MORE && good; seed++)
        good = one(seed, seed <= SEQUENCES ? CHECK_ALWAYS : CHECK_AT_END);
    return good;
}

/* One of several processes: each takes every JOBS-th sequence. */
static void job(unsigned number, unsigned jobs, uint64_t sequences, int result)
{
    time_t start = time(NULL), said = start;
    bool good = true;
    for (uint64_t seed = 1 + number; seed <= sequences && good; seed += jobs) {
        good = one(seed, CHECK_AT_END);
        if (number != 0 || time(NULL) - said < PROGRESS_SECONDS)
            continue;
        said = time(NULL);
        printf("# about %llu sequences, %ld s\n", (unsigned long long)seed, (long)(said - start));
        fflush(stdout);
    }
    fflush(stdout);
    good = write(result, &counts, sizeof(counts)) == sizeof(counts) && good;
    _exit(!good);
}

static void counts_add(const struct counts *more)
{
    counts.sequences += more->sequences;
    counts.calls += more->calls;
    counts.succeeded += more->succeeded;
    counts.restarts += more->restarts;
    counts.gone += more->gone;
    counts.helps += more->helps;
    counts.waits += more->waits;
    for (unsigned call = 0; call < COUNTED; call++)
        for (unsigned error = 0; error < WHIT_E_COUNT; error++)
            counts.result[call][error] += more->result[call][error];
}

static bool many(uint64_t sequences, unsigned jobs)
{
    if (jobs == 0 || jobs > JOBS_MAX)
        jobs = 1;
    pid_t pids[JOBS_MAX];
    int pipes[JOBS_MAX][2];
    bool good = true;
    time_t start = time(NULL);
    fflush(stdout);
    for (unsigned n = 0; n < jobs; n++) {
        if (pipe(pipes[n]) != 0 || (pids[n] = fork()) < 0)
            return false;
        if (pids[n] == 0)
            job(n, jobs, sequences, pipes[n][1]);
        close(pipes[n][1]);
    }
    for (unsigned n = 0; n < jobs; n++) {
        struct counts result;
        int status = 1;
        if (read(pipes[n][0], &result, sizeof(result)) == sizeof(result))
            counts_add(&result);
        good = waitpid(pids[n], &status, 0) == pids[n] && status == 0 && good;
    }
    printf("# %ld s, %u processes\n", (long)(time(NULL) - start), jobs);
    return good && counts.sequences == sequences;
}

static bool report(bool good, const char *name)
{
    printf("%s %s\n", good ? "ok" : "not ok", name);
    return good;
}

int main(int count, char **arguments)
{
    bool good, complete;
    if (count == 3 && strcmp(arguments[1], "seed") == 0)
        return !report(one(strtoull(arguments[2], NULL, 0), CHECK_ALWAYS), "this sequence");
    if (count == 4 && strcmp(arguments[1], "long") == 0)
        good = many(strtoull(arguments[2], NULL, 0), (unsigned)atoi(arguments[3]));
    else
        good = some();
    sequence_print();
    complete = sequence_missing() == 0;
    good = report(good, "the core answers and does what the model does");
    good &= report(counts.succeeded * 3 >= counts.calls, "a third of the calls succeeds");
    good &= report(complete, "every call meets each of its errors");
    return !good;
}
