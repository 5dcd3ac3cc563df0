// SPDX-License-Identifier: BSD-2-Clause
//
// Runs a command, shows its output as it comes, and plays a script against it: wait for a text,
// type a text. Ends with status 0 if all went as the script says; otherwise with a sentence, and
// the command is killed.
//
//   drive [-t SECONDS] [-f FILE] SCRIPT -- COMMAND ARGS...
//
// -t limits the whole run (60 s unless given); -f names a file of texts, one a line, that are
// forbidden in any script.
// Script lines (TEXT knows \n \r \t \e \\ \" \xHH, and stands in "..." where it begins with a
// digit or ends with a blank):
//   expect [SECONDS] TEXT   wait until TEXT appears after the last match
//   send TEXT               write TEXT to the command's input
//   forbid TEXT             fail whenever the output holds TEXT, from start to end
//   allow TEXT              take back a text of -f
//   eof                     wait for the command to exit with status 0
//   status N                wait for the command to exit with status N
//   # ...                   a comment
// Carriage returns and NULs in the output are shown but not matched. A question for the cursor's
// place, which shells ask, is not shown: whoever's terminal shows the output would answer it.

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_BYTES = 1024,
    STEPS = 512,
    FORBIDDEN = 64,
    DEFAULT_SECONDS = 60,
    GRACE_MS = 1000, // between asking the command to end and killing it
    LAST_LINES = 12,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
};

enum verb { EXPECT, SEND, FORBID, ALLOW, EXIT };

struct text {
    char *bytes;
    size_t length;
};

struct step {
    enum verb verb;
    int line;        // in the script; 0 from -f
    int64_t seconds; // EXPECT: 0 for no limit of its own
    int status;      // EXIT
    struct text text;
};

static struct {
    const char *path;
    struct step steps[STEPS];
    int count;
} script;

static struct step forbidden[FORBIDDEN];
static int forbidden_count;

static struct {
    pid_t pid; // 0 before it is started and after it was reaped
    int status;
    bool output_ended;
    int input;  // we write, it reads; -1 when closed
    int output; // it writes, we read
} command = {.input = -1, .output = -1};

// The output so far, without CR and NUL, always closed by a NUL.
static struct {
    char *bytes;
    size_t length;
    size_t room;
    size_t matched; // everything before was matched
    size_t checked; // everything before holds no forbidden text that ends there
} seen;

static int64_t deadline_ms;
static int64_t total_seconds = DEFAULT_SECONDS;
static int signal_pipe[2];

// ---- failure -----------------------------------------------------------------------------------

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool command_reaped(void)
{
    if (command.pid != 0 && waitpid(command.pid, &command.status, WNOHANG) == command.pid)
        command.pid = 0;
    return command.pid == 0;
}

// Ends the command and whatever it started in its process group.
static void command_end(void)
{
    pid_t group = command.pid;
    if (group == 0)
        return;
    kill(-group, SIGTERM);
    for (int64_t end = now_ms() + GRACE_MS; !command_reaped() && now_ms() < end;)
        poll(NULL, 0, 10);
    kill(-group, SIGKILL);
    if (command.pid != 0)
        waitpid(command.pid, &command.status, 0);
    command.pid = 0;
}

__attribute__((format(printf, 2, 0))) static void print_message(int line, const char *format,
                                                                va_list args)
{
    fputs("drive: ", stderr);
    if (line > 0)
        fprintf(stderr, "%s, line %d: ", script.path, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

static void print_last_lines(void)
{
    size_t start = seen.length;
    for (int lines = 0; start > 0; start--)
        if (seen.bytes[start - 1] == '\n' && start != seen.length && ++lines == LAST_LINES)
            break;
    if (seen.length == 0) {
        fputs("drive: the command printed nothing.\n", stderr);
        return;
    }
    fputs("drive: the last lines of its output:\n", stderr);
    while (start < seen.length) {
        int length = (int)strcspn(seen.bytes + start, "\n");
        fprintf(stderr, "  | %.*s\n", length, seen.bytes + start);
        start += (size_t)length + 1;
    }
}

__attribute__((noreturn, format(printf, 2, 3))) static void fail(int line, const char *format, ...)
{
    va_list args;

    command_end();
    fflush(stdout);
    if (seen.length > 0 && seen.bytes[seen.length - 1] != '\n')
        fputc('\n', stderr);
    va_start(args, format);
    print_message(line, format, args);
    va_end(args);
    print_last_lines();
    exit(STATUS_FAILED);
}

__attribute__((noreturn, format(printf, 2, 3))) static void usage(int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_message(line, format, args);
    va_end(args);
    exit(STATUS_USAGE);
}

// The text as it could stand in a script, for messages. One use at a time.
static const char *quoted(const struct text *text)
{
    static char out[4 * LINE_BYTES + 3];
    char *at = out;

    *at++ = '"';
    for (size_t i = 0; i < text->length; i++) {
        unsigned char byte = (unsigned char)text->bytes[i];
        if (byte == '\n')
            at += sprintf(at, "\\n");
        else if (byte < ' ' || byte == 0x7f)
            at += sprintf(at, "\\x%02x", byte);
        else
            *at++ = (char)byte;
    }
    *at++ = '"';
    *at = '\0';
    return out;
}

// ---- the script --------------------------------------------------------------------------------

static int hex_digit(int line, char digit)
{
    if (!isxdigit((unsigned char)digit))
        usage(line, "\\x needs two hexadecimal digits.");
    return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

static struct text parse_text(int line, const char *from)
{
    static const char letters[] = "nrte\\\"0";
    static const char values[] = "\n\r\t\033\\\"";
    struct text text = {.bytes = malloc(strlen(from) + 1)};
    size_t end = strlen(from);

    if (!text.bytes)
        usage(line, "out of memory.");
    if (*from == '"') {
        if (end < 2 || from[end - 1] != '"')
            usage(line, "the closing '\"' is missing.");
        from++;
        end -= 2;
    }
    for (size_t i = 0; i < end; i++) {
        char byte = from[i];
        if (byte == '\\' && i + 1 < end) {
            const char *letter = strchr(letters, from[++i]);
            if (from[i] == 'x' && i + 2 < end) {
                byte = (char)(hex_digit(line, from[i + 1]) * 16 + hex_digit(line, from[i + 2]));
                i += 2;
            } else if (letter) {
                byte = values[letter - letters];
            } else {
                usage(line, "unknown escape \"\\%c\".", from[i]);
            }
        }
        text.bytes[text.length++] = byte;
    }
    text.bytes[text.length] = '\0';
    if (text.length == 0)
        usage(line, "a text is missing.");
    return text;
}

static int64_t parse_number(int line, const char *from, const char **end)
{
    int64_t value = 0;

    *end = from;
    while (isdigit((unsigned char)**end) && value < 1000000)
        value = value * 10 + *(*end)++ - '0';
    if (*end == from || (**end != '\0' && **end != ' '))
        usage(line, "\"%s\" does not start with a number.", from);
    return value;
}

static void forbid(int line, struct text text)
{
    if (forbidden_count == FORBIDDEN)
        usage(line, "more than %d forbidden texts.", FORBIDDEN);
    forbidden[forbidden_count++] = (struct step){.verb = FORBID, .line = line, .text = text};
}

static void allow(int line, struct text text)
{
    for (int i = 0; i < forbidden_count; i++)
        if (forbidden[i].line == 0 && strcmp(forbidden[i].text.bytes, text.bytes) == 0) {
            forbidden[i] = forbidden[--forbidden_count];
            return;
        }
    usage(line, "nothing forbids %s.", quoted(&text));
}

static void forbid_line(int number, char *line)
{
    forbid(0, parse_text(number, line));
}

static bool is_word(const char *line, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(line, word, length) == 0;
}

static void parse_line(int number, char *line)
{
    struct step step = {.line = number};
    size_t length = strcspn(line, " ");
    const char *rest = line + length + (line[length] == ' ');

    if (line[0] == '\0' || line[0] == '#')
        return;
    if (is_word(line, length, "forbid")) {
        forbid(number, parse_text(number, rest));
        return;
    }
    if (is_word(line, length, "allow")) {
        allow(number, parse_text(number, rest));
        return;
    }
    if (is_word(line, length, "expect")) {
        step.verb = EXPECT;
        if (isdigit((unsigned char)*rest)) {
            step.seconds = parse_number(number, rest, &rest);
            rest += *rest == ' ';
        }
        step.text = parse_text(number, rest);
    } else if (is_word(line, length, "send")) {
        step.verb = SEND;
        step.text = parse_text(number, rest);
    } else if (is_word(line, length, "eof") && *rest == '\0') {
        step.verb = EXIT;
    } else if (is_word(line, length, "status")) {
        step.verb = EXIT;
        step.status = (int)parse_number(number, rest, &rest);
    } else {
        usage(number, "\"%s\" is not expect, send, forbid, allow, eof or status.", line);
    }
    if (script.count == STEPS)
        usage(number, "the script has more than %d steps.", STEPS);
    script.steps[script.count++] = step;
}

// Hands the lines of a file, without blanks and comments, to a parser.
static void read_lines(const char *path, void (*parse)(int number, char *line))
{
    char line[LINE_BYTES];
    FILE *in = fopen(path, "r");
    int number = 0;

    script.path = path; // for messages; the script is read last
    if (!in)
        usage(0, "cannot read %s: %s.", path, strerror(errno));
    while (fgets(line, sizeof line, in)) {
        size_t length = strcspn(line, "\n");
        number++;
        if (line[length] == '\0' && !feof(in))
            usage(number, "the line has more than %d bytes.", LINE_BYTES - 2);
        line[length] = '\0';
        if (line[0] != '\0' && line[0] != '#')
            parse(number, line);
    }
    fclose(in);
}

// ---- the command -------------------------------------------------------------------------------

static void on_signal(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe already holds a reason to wake up.
    ssize_t written = write(signal_pipe[1], &byte, 1);
    (void)written;
    errno = saved;
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};

    if (pipe(signal_pipe) != 0)
        fail(0, "cannot make a pipe: %s.", strerror(errno));
    for (int i = 0; i < 2; i++) {
        fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void command_start(char **argv)
{
    int in[2];
    int out[2];
    pid_t driver = getpid();

    if (pipe(in) != 0 || pipe(out) != 0)
        fail(0, "cannot make a pipe: %s.", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        fail(0, "cannot start a process: %s.", strerror(errno));
    if (pid == 0) {
        setpgid(0, 0);
        // Not even a killed driver leaves an emulator behind.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != driver)
            _exit(STATUS_USAGE);
        signal(SIGPIPE, SIG_DFL);
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        for (int i = 0; i < 2; i++) {
            close(in[i]);
            close(out[i]);
        }
        execvp(argv[0], argv);
        fprintf(stderr, "drive: cannot run %s: %s.\n", argv[0], strerror(errno));
        _exit(127);
    }
    setpgid(pid, pid);
    close(in[0]);
    close(out[1]);
    command.pid = pid;
    command.input = in[1];
    command.output = out[0];
    fcntl(command.input, F_SETFL, O_NONBLOCK);
    fcntl(command.output, F_SETFL, O_NONBLOCK);
}

static void check_forbidden(void)
{
    for (int i = 0; i < forbidden_count; i++) {
        struct step *step = &forbidden[i];
        // A text may have begun in what was checked before.
        size_t overlap = step->text.length - 1;
        size_t from = seen.checked > overlap ? seen.checked - overlap : 0;
        if (strstr(seen.bytes + from, step->text.bytes))
            fail(step->line, "the output holds the forbidden text %s.", quoted(&step->text));
    }
    seen.checked = seen.length;
}

static void see(const char *bytes, size_t count)
{
    if (seen.length + count + 1 > seen.room) {
        seen.room = 2 * (seen.room + count) + 1;
        char *bigger = realloc(seen.bytes, seen.room);
        if (!bigger)
            fail(0, "out of memory for the output.");
        seen.bytes = bigger;
    }
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != '\r' && bytes[i] != '\0')
            seen.bytes[seen.length++] = bytes[i];
    seen.bytes[seen.length] = '\0';
    check_forbidden();
}

static void show(const char *bytes, size_t count)
{
    static const char question[] = "\033[6n";
    static size_t held; // bytes of a question that may be one

    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != question[held]) {
            fwrite(question, 1, held, stdout);
            held = 0;
        }
        if (bytes[i] != question[held])
            putchar(bytes[i]);
        else if (++held == sizeof question - 1)
            held = 0;
    }
    fflush(stdout);
}

static void read_output(void)
{
    char buffer[4096];
    ssize_t count = read(command.output, buffer, sizeof buffer);

    if (count > 0) {
        show(buffer, (size_t)count);
        see(buffer, (size_t)count);
    } else if (count == 0) {
        command.output_ended = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        fail(0, "cannot read the command's output: %s.", strerror(errno));
    }
}

static void take_signals(void)
{
    unsigned char number;

    while (read(signal_pipe[0], &number, 1) == 1) {
        if (number == SIGCHLD)
            continue;
        command_end();
        fprintf(stderr, "drive: ended by signal %d.\n", number);
        exit(128 + number);
    }
}

// Sleeps until output, room for input (if asked), a signal, or the time; handles what there is.
static void wait_for_events(bool to_write, int64_t until_ms)
{
    struct pollfd fds[] = {
        {.fd = signal_pipe[0], .events = POLLIN},
        {.fd = command.output_ended ? -1 : command.output, .events = POLLIN},
        {.fd = to_write ? command.input : -1, .events = POLLOUT},
    };
    int64_t left = until_ms - now_ms();

    if (left < 0)
        left = 0;
    poll(fds, sizeof fds / sizeof *fds, (int)(left > 60000 ? 60000 : left));
    if (fds[0].revents)
        take_signals();
    if (fds[1].revents)
        read_output();
    command_reaped();
}

// A command is over when it was reaped and its pipe is empty. A grandchild may hold the pipe open:
// after the exit, what is there is read and the rest is not waited for.
static bool command_over(void)
{
    if (!command_reaped())
        return false;
    for (size_t before = seen.length + 1; !command.output_ended && before != seen.length;) {
        before = seen.length;
        read_output();
    }
    return true;
}

static void print_exit(char *out, size_t room)
{
    if (WIFEXITED(command.status))
        snprintf(out, room, "exited with status %d", WEXITSTATUS(command.status));
    else
        snprintf(out, room, "was ended by signal %d", WTERMSIG(command.status));
}

// ---- playing -----------------------------------------------------------------------------------

static bool find_expected(const struct step *step)
{
    char *found = seen.length > 0 ? strstr(seen.bytes + seen.matched, step->text.bytes) : NULL;
    if (found)
        seen.matched = (size_t)(found - seen.bytes) + step->text.length;
    return found != NULL;
}

static void expect(const struct step *step)
{
    int64_t start = now_ms();
    int64_t until = step->seconds > 0 ? start + step->seconds * 1000 : deadline_ms;
    char how[64];

    if (until > deadline_ms)
        until = deadline_ms;
    while (!find_expected(step)) {
        if (command_over()) {
            if (find_expected(step))
                return;
            print_exit(how, sizeof how);
            fail(step->line, "the command %s before it printed %s.", how, quoted(&step->text));
        }
        if (now_ms() >= until)
            fail(step->line, "expected %s, which did not come within %lld s%s.",
                 quoted(&step->text), (long long)(now_ms() - start) / 1000,
                 until == deadline_ms ? " (the time for the whole run is over)" : "");
        wait_for_events(false, until);
    }
}

static void send_text(const struct step *step)
{
    size_t sent = 0;

    while (sent < step->text.length) {
        ssize_t count = write(command.input, step->text.bytes + sent, step->text.length - sent);
        if (count > 0) {
            sent += (size_t)count;
            continue;
        }
        if (count < 0 && errno == EPIPE)
            fail(step->line, "the command reads no more input; %s was not sent.",
                 quoted(&step->text));
        if (now_ms() >= deadline_ms)
            fail(step->line, "the command did not read %s before the time was over.",
                 quoted(&step->text));
        wait_for_events(true, deadline_ms);
    }
}

static void expect_exit(const struct step *step)
{
    char how[64];

    close(command.input);
    command.input = -1;
    while (!command_over()) {
        if (now_ms() >= deadline_ms)
            fail(step->line, "the command should have ended within %lld s.",
                 (long long)total_seconds);
        wait_for_events(false, deadline_ms);
    }
    print_exit(how, sizeof how);
    if (!WIFEXITED(command.status) || WEXITSTATUS(command.status) != step->status)
        fail(step->line, "the command %s; %d was expected.", how, step->status);
}

static void play(void)
{
    for (int i = 0; i < script.count; i++) {
        const struct step *step = &script.steps[i];
        if (step->verb == EXPECT)
            expect(step);
        else if (step->verb == SEND)
            send_text(step);
        else
            expect_exit(step);
    }
}

int main(int argc, char **argv)
{
    const char *end;
    int option;

    while ((option = getopt(argc, argv, "+t:f:")) != -1) {
        if (option == 't')
            total_seconds = parse_number(0, optarg, &end);
        else if (option == 'f')
            read_lines(optarg, forbid_line);
        else
            usage(0, "the options are -t SECONDS and -f FILE.");
    }
    if (argc - optind < 3 || strcmp(argv[optind + 1], "--") != 0)
        usage(0, "usage: drive [-t SECONDS] [-f FILE] SCRIPT -- COMMAND ARGS...");
    read_lines(argv[optind], parse_line);
    deadline_ms = now_ms() + total_seconds * 1000;
    catch_signals();
    command_start(argv + optind + 2);
    play();
    command_end();
    return 0;
}
