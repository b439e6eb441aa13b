#pragma once

#include <stdint.h>
#include <sys/types.h>

// What Swift can't do of starting and guarding processes: functions with variable arguments, and glibc's extensions.

/// How a child process begins.
typedef struct {
  /// Its file, by absolute path.
  const char *program;
  /// Its arguments from its own name on, and its environment; each ends with NULL.
  char *const *arguments;
  char *const *environment;
  /// Its working folder; NULL for this process's.
  const char *folder;
  /// What becomes its descriptors 1, 2 and 3. It has /dev/null as 0, and no others.
  int output;
  int errors;
  int pipe;
  /// Whether it leads a process group of its own, or joins this process's.
  int leads_group;
  /// Whether the kernel kills it when the thread that starts it ends, however that happens (PR_SET_PDEATHSIG).
  int ends_with_parent;
} cprocess_plan;

/// Starts a process with no signal blocked, ignored or handled.
///
/// Returns 0, or the number of the error.
int cprocess_spawn(pid_t *process, const cprocess_plan *plan);

/// Makes this process the parent of all its descendants that lose theirs. Returns 0, or the number of the error.
int cprocess_adopt_orphans(void);

/// What ``cprocess_limit`` bounds: bytes of address space, seconds of processor time, open descriptors.
typedef enum { cprocess_address_space, cprocess_processor_time, cprocess_descriptors } cprocess_resource;

/// Bounds what a process and those that it starts from now on may have. Returns 0, or the number of the error.
int cprocess_limit(pid_t process, cprocess_resource resource, uint64_t soft, uint64_t hard);

/// Two connected stream sockets that no child inherits. Returns 0, or the number of the error.
int cprocess_socket_pair(int ends[2]);

/// A pipe that no child inherits: where to read and where to write. Returns 0, or the number of the error.
int cprocess_pipe(int ends[2]);

/// Waits until nobody holds the other end of a socket any more; what can be read from it stays there.
void cprocess_wait_for_hangup(int socket);

/// What waitpid(2) said of how a process ended.
int cprocess_exit_code(int status);

/// The signal that ended a process; 0 if none did.
int cprocess_signal(int status);
