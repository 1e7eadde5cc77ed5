#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "CHost.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void fill(sigset_t *signals) {
  sigemptyset(signals);
  sigaddset(signals, SIGHUP);
  sigaddset(signals, SIGINT);
  sigaddset(signals, SIGQUIT);
  sigaddset(signals, SIGTERM);
  sigaddset(signals, SIGCHLD);
  sigaddset(signals, SIGUSR1);
}

int host_exit_with_parent(void) {
#ifdef __linux__
  pid_t parent = getppid();
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return -errno;
  return getppid() == parent ? 0 : -ESRCH;
#else
  return -ENOTSUP;
#endif
}

int host_unset_environment(const char *name) {
  return unsetenv(name) == 0 ? 0 : -errno;
}

void host_block_signals(void) {
  sigset_t signals;
  fill(&signals);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

int host_wait_signal(int64_t milliseconds) {
  sigset_t signals;
  fill(&signals);
  int signal = 0;
  if (milliseconds < 0) return sigwait(&signals, &signal) == 0 ? signal : 0;
#ifdef __APPLE__
  for (int64_t waited = 0; waited <= milliseconds; waited += 5) {
    sigset_t pending;
    sigpending(&pending);
    for (signal = 1; signal < NSIG; signal++)
      if (sigismember(&signals, signal) && sigismember(&pending, signal))
        return sigwait(&signals, &signal) == 0 ? signal : 0;
    host_sleep_milliseconds(5);
  }
  return 0;
#else
  struct timespec limit = {milliseconds / 1000, (milliseconds % 1000) * 1000000};
  do {
    signal = sigtimedwait(&signals, NULL, &limit);
  } while (signal < 0 && errno == EINTR);
  return signal < 0 ? 0 : signal;
#endif
}

/// Runs a program with default signal handling and these descriptors as its
/// standard streams, where they are not negative.
static int spawn(const char *program, char *const words[], int input, int output,
                 int errors, const char *directory) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_init(&actions);
  if (input >= 0) posix_spawn_file_actions_adddup2(&actions, input, 0);
  if (output >= 0) posix_spawn_file_actions_adddup2(&actions, output, 1);
  if (errors >= 0) posix_spawn_file_actions_adddup2(&actions, errors, 2);
  if (directory) posix_spawn_file_actions_addchdir_np(&actions, directory);
  pid_t process = 0;
  int error = posix_spawnp(&process, program, &actions, &attributes, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error ? -error : process;
}

static int spawn_shell(const char *command, int output, const char *directory) {
  char *const words[] = {"sh", "-c", (char *)command, NULL};
  return spawn("/bin/sh", words, -1, output, -1, directory);
}

int host_spawn_shell(const char *command, const char *directory) {
  return spawn_shell(command, -1, directory);
}

int host_spawn_script(const char *script, int *process) {
  int ends[2];
  if (pipe(ends) != 0) return -errno;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  *process = spawn_shell(script, ends[1], NULL);
  close(ends[1]);
  if (*process >= 0) return ends[0];
  close(ends[0]);
  return *process;
}

static int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int host_wait_child(int process) {
  int status = 0;
  pid_t ended;
  do {
    ended = waitpid(process, &status, 0);
  } while (ended < 0 && errno == EINTR);
  return ended < 0 ? -errno : exit_status(status);
}

void host_abandon_child(int process) {
  for (int tries = 0; tries < 20; tries++) {
    if (waitpid(process, NULL, WNOHANG) != 0) return;
    host_sleep_milliseconds(5);
  }
}

int host_child_status(int process) {
  int status = 0;
  pid_t ended = waitpid(process, &status, WNOHANG);
  if (ended < 0) return -errno;
  if (ended == 0) return -EAGAIN;
  return exit_status(status);
}

int host_send_signal(int process, int signal) {
  return kill(process, signal) == 0 ? 0 : -errno;
}

int host_set_environment(const char *name, const char *value) {
  return setenv(name, value, 1) == 0 ? 0 : -errno;
}

int host_make_temporary_directory(char *name) {
  return mkdtemp(name) ? 0 : -errno;
}

int host_remove_directory(const char *path) {
  return rmdir(path) == 0 ? 0 : -errno;
}

int host_child_signal(void) { return SIGCHLD; }

int host_user_signal(void) { return SIGUSR1; }

static void exit_now(int signal) { _exit(128 + signal); }

void host_exit_on_next_signal(void) {
  sigset_t signals;
  fill(&signals);
  sigdelset(&signals, SIGCHLD);
  sigdelset(&signals, SIGUSR1);
  for (int signal = 1; signal < NSIG; signal++) {
    if (sigismember(&signals, signal) != 1) continue;
    struct sigaction action = {.sa_handler = exit_now};
    sigaction(signal, &action, NULL);
  }
  pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

const char *host_environment_entry(int index) { return environ[index]; }

int host_working_directory(char *buffer, size_t count) {
  return getcwd(buffer, count) ? 0 : -errno;
}

int host_change_directory(const char *path) {
  return chdir(path) == 0 ? 0 : -errno;
}

int host_process_number(void) { return getpid(); }

int host_spawn_filter(const char *program, const char *argument, int output,
                      int *process, int *errors) {
  int ends[2], messages[2];
  // A socket: writing to a child that has ended raises no signal.
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -errno;
  if (pipe(messages) != 0) {
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    return -error;
  }
  for (int end = 0; end < 2; end++) {
    fcntl(ends[end], F_SETFD, FD_CLOEXEC);
    fcntl(messages[end], F_SETFD, FD_CLOEXEC);
  }
  // Messages that do not fit are lost: nobody waits for their being read.
  fcntl(messages[1], F_SETFL, O_NONBLOCK);
  char *const words[] = {(char *)program, (char *)argument, NULL};
  *process = spawn(program, words, ends[1], output, messages[1], NULL);
  close(ends[1]);
  close(messages[1]);
  if (*process >= 0) {
    *errors = messages[0];
    return ends[0];
  }
  close(ends[0]);
  close(messages[0]);
  return *process;
}

int64_t host_send(int socket, const void *bytes, size_t count) {
#ifdef MSG_NOSIGNAL
  int flags = MSG_NOSIGNAL;
#else
  int flags = 0;
#endif
  ssize_t result;
  do {
    result = send(socket, bytes, count, flags);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

int host_open_temporary(const char *directory) {
#ifdef O_TMPFILE
  int unnamed = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (unnamed >= 0) return unnamed;
#endif
  static const char name[] = "/nbdgen.XXXXXX";
  size_t length = strlen(directory);
  char *path = malloc(length + sizeof name);
  if (!path) return -ENOMEM;
  memcpy(path, directory, length);
  memcpy(path + length, name, sizeof name);
  int descriptor = mkstemp(path);
  int error = errno;
  if (descriptor >= 0) {
    unlink(path);
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  }
  free(path);
  return descriptor < 0 ? -error : descriptor;
}

int host_processor_count(void) {
#ifdef __linux__
  cpu_set_t processors;
  if (sched_getaffinity(0, sizeof processors, &processors) == 0)
    return CPU_COUNT(&processors);
#endif
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (int)count : 1;
}

void host_bound_heaps(void) {
#ifdef __GLIBC__
  // Whoever has set this knows better.
  if (getenv("MALLOC_ARENA_MAX") == NULL)
    mallopt(M_ARENA_MAX, host_processor_count());
#endif
}

int host_start_thread(void *(*run)(void *context), void *context) {
  pthread_t thread;
  int error = pthread_create(&thread, NULL, run, context);
  if (!error) pthread_detach(thread);
  return -error;
}

void host_exit(int status) { _exit(status); }
