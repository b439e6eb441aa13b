#define _GNU_SOURCE

#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// Above every descriptor that a child is given, so that giving one does not overwrite another.
enum { first_free = 10, child_descriptors = 4 };

static int add_descriptors(posix_spawn_file_actions_t *actions, const cprocess_plan *plan, const int *given) {
  int error = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
  for (int i = 1; i < child_descriptors && !error; i++)
    error = posix_spawn_file_actions_adddup2(actions, given[i], i);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
  if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, child_descriptors);
#endif
  if (!error && plan->folder) error = posix_spawn_file_actions_addchdir_np(actions, plan->folder);
  return error;
}

static int set_attributes(posix_spawnattr_t *attributes, const cprocess_plan *plan) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (plan->leads_group ? POSIX_SPAWN_SETPGROUP : 0);
  int error = posix_spawnattr_setflags(attributes, flags);
  if (!error) error = posix_spawnattr_setsigmask(attributes, &none);
  if (!error) error = posix_spawnattr_setsigdefault(attributes, &all);
  if (!error && plan->leads_group) error = posix_spawnattr_setpgroup(attributes, 0);
  return error;
}

static int spawn(pid_t *process, const cprocess_plan *plan, const int *given) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return error;
  error = posix_spawnattr_init(&attributes);
  if (!error) {
    error = add_descriptors(&actions, plan, given);
    if (!error) error = set_attributes(&attributes, plan);
    if (!error)
      error = posix_spawn(process, plan->program, &actions, &attributes, plan->arguments, plan->environment);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

int cprocess_spawn(pid_t *process, const cprocess_plan *plan) {
  const int wanted[child_descriptors] = {-1, plan->output, plan->errors, plan->pipe};
  int given[child_descriptors] = {-1, -1, -1, -1};
  int error = 0;
  for (int i = 1; i < child_descriptors && !error; i++) {
    given[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, first_free);
    if (given[i] < 0) error = errno;
  }
  if (!error) error = spawn(process, plan, given);
  for (int i = 1; i < child_descriptors; i++)
    if (given[i] >= 0) close(given[i]);
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
