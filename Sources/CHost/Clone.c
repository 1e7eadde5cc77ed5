#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "CHost.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#ifdef __linux__
#include <linux/fs.h>
#endif

#define RETRYING(type, expression)             \
  type result;                                 \
  do {                                         \
    result = (expression);                     \
  } while (result < 0 && errno == EINTR);      \
  return result < 0 ? -errno : result

int host_make_unnamed_file(int directory) {
#ifdef O_TMPFILE
  RETRYING(int, openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
#else
  (void)directory;
  return -EOPNOTSUPP;
#endif
}

int host_duplicate(int descriptor) {
  RETRYING(int, fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
}

int host_clone_range(int source, int64_t count, int target, int64_t offset) {
#ifdef FICLONERANGE
  struct file_clone_range range;
  memset(&range, 0, sizeof range);
  range.src_fd = source;
  range.src_length = (uint64_t)count;
  range.dest_offset = (uint64_t)offset;
  RETRYING(int, ioctl(target, FICLONERANGE, &range));
#else
  (void)source, (void)count, (void)target, (void)offset;
  return -EOPNOTSUPP;
#endif
}

int64_t host_block_size(int descriptor) {
  struct stat raw;
  if (fstat(descriptor, &raw) != 0) return -errno;
  return raw.st_blksize;
}

int64_t host_file_clock(void) {
  struct timespec now;
#ifdef CLOCK_REALTIME_COARSE
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
#else
  clock_gettime(CLOCK_REALTIME, &now);
#endif
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
