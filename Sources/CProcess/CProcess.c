#define _GNU_SOURCE

#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// The descriptors that a child is given; the next one is where it tells what went wrong, up to its exec. This process's
// own copies lie above all of them, so that giving one does not overwrite another.
enum { child_descriptors = 4, report_descriptor = child_descriptors, first_free = 10 };

// In the child, between fork and exec: only functions that are safe in a signal's handler. Returns what failed.
static int become(const cprocess_plan *plan, const int *given, pid_t parent) {
  if (plan->ends_with_parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)) return errno;
    // A parent that has gone already sends no signal any more.
    if (getppid() != parent) return ESRCH;
  }
  if (plan->leads_group && setpgid(0, 0)) return errno;
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing < 0 || dup2(nothing, 0) < 0) return errno;
  for (int i = 1; i < child_descriptors; i++)
    if (dup2(given[i], i) < 0) return errno;
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
  closefrom(report_descriptor + 1);
#endif
  if (plan->folder && chdir(plan->folder)) return errno;
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(plan->program, plan->arguments, plan->environment);
  return errno;
}

static _Noreturn void be_child(const cprocess_plan *plan, const int *given, int report, pid_t parent) {
  int error = 0;
  if (dup3(report, report_descriptor, O_CLOEXEC) < 0) {
    error = errno;
  } else {
    report = report_descriptor;
    error = become(plan, given, parent);
  }
  while (write(report, &error, sizeof error) < 0 && errno == EINTR) {
  }
  _exit(EXIT_FAILURE);
}

static int spawn(pid_t *process, const cprocess_plan *plan, const int *given, int report) {
  const pid_t parent = getpid();
  sigset_t all, before;
  sigfillset(&all);
  // So that no handler of this process runs in the child.
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = fork();
  if (child == 0) be_child(plan, given, report, parent);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (child < 0) return error;
  *process = child;
  return 0;
}

// Waits until a child has become its program, which closes the pipe. Returns 0, or what failed; then it is gone.
static int await_start(pid_t child, int report) {
  int error = 0;
  while (read(report, &error, sizeof error) < 0 && errno == EINTR) {
  }
  if (!error) return 0;
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
  }
  return error;
}

int cprocess_spawn(pid_t *process, const cprocess_plan *plan) {
  int report[2];
  if (pipe2(report, O_CLOEXEC)) return errno;
  const int wanted[] = {report[1], plan->output, plan->errors, plan->pipe};
  int given[child_descriptors] = {-1, -1, -1, -1};
  int error = 0;
  for (int i = 0; i < child_descriptors && !error; i++) {
    given[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, first_free);
    if (given[i] < 0) error = errno;
  }
  close(report[1]);
  pid_t child = -1;
  if (!error) error = spawn(&child, plan, given, given[0]);
  for (int i = 0; i < child_descriptors; i++)
    if (given[i] >= 0) close(given[i]);
  if (!error) error = await_start(child, report[0]);
  close(report[0]);
  if (!error) *process = child;
  return error;
}

int cprocess_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : errno; }

int cprocess_limit(pid_t process, cprocess_resource resource, uint64_t soft, uint64_t hard) {
  const struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
  int error;
  switch (resource) {
    case cprocess_address_space: error = prlimit(process, RLIMIT_AS, &limit, NULL); break;
    case cprocess_processor_time: error = prlimit(process, RLIMIT_CPU, &limit, NULL); break;
    case cprocess_descriptors: error = prlimit(process, RLIMIT_NOFILE, &limit, NULL); break;
    default: return EINVAL;
  }
  return error == 0 ? 0 : errno;
}

int cprocess_socket_pair(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : errno;
}

int cprocess_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno; }

void cprocess_wait_for_hangup(int socket) {
  struct pollfd watched = {.fd = socket, .events = POLLRDHUP};
  while (poll(&watched, 1, -1) < 0 && errno == EINTR) {
  }
}

int cprocess_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

int cprocess_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
