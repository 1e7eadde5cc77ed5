#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "CHost.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/fs.h>
#endif

#define RETRYING(type, expression)             \
  type result;                                 \
  do {                                         \
    result = (expression);                     \
  } while (result < 0 && errno == EINTR);      \
  return result < 0 ? -errno : result;

int host_path_mode(const char *path, int follows_links) {
  struct stat status;
  int result = follows_links ? stat(path, &status) : lstat(path, &status);
  return result < 0 ? -errno : (int)status.st_mode;
}

int host_real_path(const char *path, char *buffer, size_t count) {
  char *real = realpath(path, NULL);
  if (!real) return -errno;
  size_t length = strlen(real);
  int result = length < count ? 0 : -ENAMETOOLONG;
  if (result == 0) memcpy(buffer, real, length + 1);
  free(real);
  return result;
}

int host_make_temporary_file(char *name) {
  size_t length = strlen(name);
  for (;;) {
    int descriptor = mkstemp(name);
    if (descriptor < 0) return -errno;
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    // Who removes abandoned files may have had it before the lock.
    struct stat status;
    flock(descriptor, LOCK_EX);
    if (fstat(descriptor, &status) != 0 || status.st_nlink > 0) return descriptor;
    close(descriptor);
    memcpy(name + length - 6, "XXXXXX", 6);
  }
}

int host_remove_abandoned_files(const char *directory, const char *prefix) {
  DIR *entries = opendir(directory);
  if (!entries) return -errno;
  size_t length = strlen(prefix);
  int count = 0;
  struct dirent *entry;
  while ((entry = readdir(entries))) {
    const char *name = entry->d_name;
    if (strncmp(name, prefix, length) != 0 || strlen(name) != length + 6) continue;
    int descriptor =
        openat(dirfd(entries), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) continue;
    struct stat status;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_uid == geteuid() && flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
        fstat(descriptor, &status) == 0 && status.st_nlink > 0 &&
        unlinkat(dirfd(entries), name, 0) == 0) {
      count++;
    }
    close(descriptor);
  }
  closedir(entries);
  return count;
}

int host_open_output(const char *path) {
  int descriptor =
      open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);
  if (descriptor < 0) return -errno;
  int flags = fcntl(descriptor, F_GETFL);
  if (flags >= 0) fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
  return descriptor;
}

int host_make_directory(const char *path) {
  return mkdir(path, 0777) == 0 ? 0 : -errno;
}

int host_file_mode_mask(void) {
  mode_t mask = umask(022);
  umask(mask);
  return (int)mask;
}

int host_set_mode(int descriptor, int mode) {
  return fchmod(descriptor, (mode_t)mode) == 0 ? 0 : -errno;
}

int64_t host_write_at(int descriptor, const void *bytes, size_t count,
                      int64_t offset) {
  RETRYING(ssize_t, pwrite(descriptor, bytes, count, offset))
}

int64_t host_copy_range(int source, int64_t from, int target, int64_t to,
                        int64_t count) {
#ifdef __linux__
  loff_t start = from, end = to;
  RETRYING(ssize_t, copy_file_range(source, &start, target, &end, (size_t)count, 0))
#else
  return -ENOTSUP;
#endif
}

int host_set_size(int descriptor, int64_t size) {
  RETRYING(int, ftruncate(descriptor, size))
}

void host_start_writing(int descriptor, int64_t offset, int64_t count) {
#ifdef __linux__
  (void)sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
#endif
}

int host_synchronize(int descriptor) { RETRYING(int, fsync(descriptor)) }

int host_rename(const char *from, const char *to, int replaces) {
  if (replaces) return rename(from, to) == 0 ? 0 : -errno;
#ifdef RENAME_NOREPLACE
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -errno;
#endif
  // Where there is no such call, a second name shows whether the first was free.
  if (link(from, to) == 0) return unlink(from) == 0 ? 0 : -errno;
  if (errno != EPERM && errno != ENOTSUP) return -errno;
  // A filesystem that has no links, such as FAT.
  struct stat status;
  if (lstat(to, &status) == 0) return -EEXIST;
  return rename(from, to) == 0 ? 0 : -errno;
}

int host_open_device(const char *path) {
  // O_EXCL: not while it is mounted.
  int descriptor = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

int64_t host_device_size(int descriptor) {
  RETRYING(int64_t, lseek(descriptor, 0, SEEK_END))
}

int host_clear_device(int descriptor, int64_t offset, int64_t count) {
#ifdef BLKZEROOUT
  uint64_t range[2] = {(uint64_t)offset, (uint64_t)count};
  return ioctl(descriptor, BLKZEROOUT, range) == 0 ? 0 : -errno;
#else
  return -ENOTSUP;
#endif
}

void host_ignore_size_signal(void) { signal(SIGXFSZ, SIG_IGN); }
