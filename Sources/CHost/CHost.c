#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "CHost.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#ifdef __linux__
#include <malloc.h>
#endif
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif
#endif

#ifndef O_NOCTTY
#define O_NOCTTY 0
#endif

#define RETRYING(type, expression)             \
  type result;                                 \
  do {                                         \
    result = (expression);                     \
  } while (result < 0 && errno == EINTR);      \
  return result < 0 ? -errno : result

static void translate(const struct stat *from, struct host_status *to) {
  to->device = (uint64_t)from->st_dev;
  to->inode = (uint64_t)from->st_ino;
  to->size = (uint64_t)from->st_size;
  to->allocated_sectors = (uint64_t)from->st_blocks;
#ifdef __APPLE__
  to->modified_seconds = from->st_mtimespec.tv_sec;
  to->changed_seconds = from->st_ctimespec.tv_sec;
  to->modified_nanoseconds = (uint32_t)from->st_mtimespec.tv_nsec;
  to->changed_nanoseconds = (uint32_t)from->st_ctimespec.tv_nsec;
#else
  to->modified_seconds = from->st_mtim.tv_sec;
  to->changed_seconds = from->st_ctim.tv_sec;
  to->modified_nanoseconds = (uint32_t)from->st_mtim.tv_nsec;
  to->changed_nanoseconds = (uint32_t)from->st_ctim.tv_nsec;
#endif
  to->mode = from->st_mode;
  to->user = from->st_uid;
  to->group = from->st_gid;
  to->link_count = (uint32_t)from->st_nlink;
  to->special_major = major(from->st_rdev);
  to->special_minor = minor(from->st_rdev);
}

int host_status(int descriptor, struct host_status *status) {
  struct stat raw;
  if (fstat(descriptor, &raw) != 0) return -errno;
  translate(&raw, status);
  return 0;
}

int host_status_at(int directory, const char *name,
                   struct host_status *status) {
  struct stat raw;
  int flags = AT_SYMLINK_NOFOLLOW;
#ifdef AT_NO_AUTOMOUNT
  flags |= AT_NO_AUTOMOUNT;
#endif
  if (fstatat(directory, name, &raw, flags) != 0) return -errno;
  translate(&raw, status);
  return 0;
}

int host_open_directory_at(int directory, const char *name) {
  RETRYING(int, openat(directory, name,
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

int host_open_path(const char *path, int is_directory) {
  RETRYING(int, open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
                               (is_directory ? O_DIRECTORY : 0)));
}

int host_open_regular(const char *path) {
  RETRYING(int, open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

/// Opens component by component, for kernels and sandboxes without openat2.
static int open_stepwise(int directory, const char *path, int flags) {
  int current = directory;
  for (;;) {
    const char *slash = strchr(path, '/');
    char name[256];
    size_t length = slash ? (size_t)(slash - path) : strlen(path);
    int next = -1;
    if (length >= sizeof name) {
      errno = ENAMETOOLONG;
    } else {
      memcpy(name, path, length);
      name[length] = 0;
      int step = slash ? O_RDONLY | O_DIRECTORY | O_CLOEXEC : flags;
      next = openat(current, name, step | O_NOFOLLOW);
    }
    int error = errno;
    if (current != directory) close(current);
    if (next < 0) return -error;
    if (!slash) return next;
    current = next;
    path = slash + 1;
  }
}

int host_open_beneath(int directory, const char *path, int cached_only) {
  int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
#ifdef SYS_openat2
  struct open_how how;
  memset(&how, 0, sizeof how);
  how.flags = (uint64_t)flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  if (cached_only) how.resolve |= RESOLVE_CACHED;
  int result;
  do {
    result = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
  } while (result < 0 && errno == EINTR);
  if (result >= 0) return result;
  // Kernels before 5.12 do not know RESOLVE_CACHED, before 5.6 no openat2.
  if (cached_only && (errno == EINVAL || errno == ENOSYS)) return -EAGAIN;
  if (errno != ENOSYS && errno != EPERM) return -errno;
#endif
  return cached_only ? -EAGAIN : open_stepwise(directory, path, flags);
}

#ifdef RWF_NOWAIT
/// Whether a file is on a filesystem that never waits for storage, and that
/// does not know RWF_NOWAIT for that very reason.
static int is_in_memory(int descriptor) {
  struct statfs status;
  if (fstatfs(descriptor, &status) != 0) return 0;
  return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
}
#endif

int64_t host_read(int descriptor, void *buffer, size_t count, int64_t offset,
                  int cached_only) {
#ifdef RWF_NOWAIT
  if (cached_only) {
    struct iovec piece = {buffer, count};
    ssize_t result;
    do {
      result = preadv2(descriptor, &piece, 1, offset, RWF_NOWAIT);
    } while (result < 0 && errno == EINTR);
    if (result >= 0) return result;
    if (errno != EOPNOTSUPP || !is_in_memory(descriptor)) return -errno;
  }
#else
  if (cached_only) return -EOPNOTSUPP;
#endif
  RETRYING(ssize_t, pread(descriptor, buffer, count, offset));
}

int64_t host_read_stream(int descriptor, void *buffer, size_t count) {
  RETRYING(ssize_t, read(descriptor, buffer, count));
}

void host_yield(void) { sched_yield(); }

void host_let_others_first(void) {
#ifdef SCHED_BATCH
  static __thread int is_done;
  if (is_done) return;
  is_done = 1;
  struct sched_param none = {0};
  // Without it there is only less to gain.
  (void)sched_setscheduler(0, SCHED_BATCH, &none);
#endif
}

int host_check_readable_at(int directory, const char *name) {
  RETRYING(int, faccessat(directory, name, R_OK, AT_EACCESS));
}

int64_t host_seek(int descriptor, int64_t offset, int is_hole) {
  off_t found = lseek(descriptor, offset, is_hole ? SEEK_HOLE : SEEK_DATA);
  return found < 0 ? -errno : found;
}

void host_close(int descriptor) { close(descriptor); }

void *host_directory_stream(int descriptor) {
  DIR *stream = fdopendir(descriptor);
  if (!stream) close(descriptor);
  return stream;
}

int host_next_name(void *stream, const char **name, size_t *length) {
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir((DIR *)stream);
    if (!entry) return -errno;
    const char *found = entry->d_name;
    if (found[0] == '.' &&
        (found[1] == 0 || (found[1] == '.' && found[2] == 0)))
      continue;
    *name = found;
    *length = strlen(found);
    return 1;
  }
}

void host_close_directory_stream(void *stream) { closedir((DIR *)stream); }

int host_reads_everything(void) {
#ifdef __linux__
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  if (syscall(SYS_capget, &header, data) != 0) return 0;
  return (data[0].effective &
          (1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH)) != 0;
#else
  return geteuid() == 0;
#endif
}

int64_t host_read_link(int directory, const char *name, void *buffer,
                       size_t count) {
  ssize_t length = readlinkat(directory, name, buffer, count);
  return length < 0 ? -errno : length;
}

int host_bind_unix_socket(const char *path, int mode) {
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address.sun_path) return -ENAMETOOLONG;
  strcpy(address.sun_path, path);
  int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  if (descriptor < 0) return -errno;
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  // Linux makes the file with the socket's mode, less the umask, so that nobody
  // gets in who should not; the umask itself is not for one thread to change.
  fchmod(descriptor, mode);
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0 &&
      chmod(path, mode) == 0)
    return descriptor;
  int error = errno;
  close(descriptor);
  return -error;
}

int host_take_listening_socket(int descriptor) {
  int type = 0, listens = 0;
  socklen_t length = sizeof type;
  if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) != 0)
    return -errno;
  length = sizeof listens;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0)
    return -errno;
  if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) return -errno;
  return type == SOCK_STREAM && listens;
}

int host_take_standard_streams(int *input, int *output, int *is_socket) {
  struct stat in, out;
  if (fstat(0, &in) != 0 || fstat(1, &out) != 0) return -errno;
  *is_socket = S_ISSOCK(in.st_mode) && S_ISSOCK(out.st_mode) &&
               in.st_dev == out.st_dev && in.st_ino == out.st_ino;
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0) return -errno;
  *output = -1;
  *input = fcntl(0, F_DUPFD_CLOEXEC, 3);
  if (*input >= 0 && !*is_socket) *output = fcntl(1, F_DUPFD_CLOEXEC, 3);
  if (*input < 0 || (!*is_socket && *output < 0)) return -errno;
  if (dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0) return -errno;
  close(nothing);
  return 0;
}

int host_is_terminal(int descriptor) { return isatty(descriptor); }

int host_terminal_width(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int host_remove_file(const char *path) {
  return unlink(path) == 0 ? 0 : -errno;
}

void host_sleep_milliseconds(int64_t duration) {
  struct timespec left = {duration / 1000, (duration % 1000) * 1000000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

void host_trim_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

int64_t host_local_offset(int64_t seconds) {
  time_t time = (time_t)seconds;
  struct tm local;
  return localtime_r(&time, &local) != NULL ? local.tm_gmtoff : 0;
}

int64_t host_nanoseconds_since_epoch(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return 0;
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

size_t host_format_time(int64_t nanoseconds, char *buffer, size_t count) {
  time_t seconds = nanoseconds / 1000000000;
  int milliseconds = nanoseconds / 1000000 % 1000;
  struct tm parts;
  char text[32];
  if (!gmtime_r(&seconds, &parts)) return 0;
  if (!strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts)) return 0;
  int size = snprintf(buffer, count, "%s.%03dZ", text, milliseconds);
  return size > 0 && (size_t)size < count ? size : 0;
}

int64_t host_descriptor_limit(int raises) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -errno;
  if (raises) {
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return -errno;
  }
  return limit.rlim_max > INT32_MAX ? INT32_MAX : (int64_t)limit.rlim_max;
}
