#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "CHost.h"

#include <errno.h>

#ifdef __linux__
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

// Linux 6.13 has them; the C library's headers may be older.
#if !defined(SYS_listxattrat) && \
    (defined(__aarch64__) || (defined(__x86_64__) && defined(__LP64__)))
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#endif

#ifdef SYS_listxattrat
/// `struct xattr_args` of linux/xattr.h, version 0.
struct attribute_arguments {
  uint64_t value __attribute__((aligned(8)));
  uint32_t size;
  uint32_t flags;
};

/// Whether the kernel is known to be older.
static atomic_int lacks_calls;

/// Whether a call failed because it is not there, or because a sandbox that
/// does not know it forbids it.
static int is_missing(int error) {
  if (error == ENOSYS) atomic_store_explicit(&lacks_calls, 1, memory_order_relaxed);
  return error == ENOSYS || error == EPERM;
}
#endif

/// A path of `name` in an open directory, for calls that take no descriptor.
struct descriptor_path {
  char text[300];
};

static int make_path(struct descriptor_path *path, int directory,
                     const char *name) {
  int length = snprintf(path->text, sizeof path->text, "/proc/self/fd/%d/%s",
                        directory, name);
  if (length < 0) return -errno;
  return (size_t)length < sizeof path->text ? 0 : -ENAMETOOLONG;
}

/// The error of a call with such a path: without /proc every file is missing.
static int path_error(void) {
  int error = errno;
  if (error == ENOENT && access("/proc/self/fd", F_OK) != 0) return -ENOSYS;
  return -error;
}

int64_t host_list_attributes(int directory, const char *name, void *buffer,
                             size_t count) {
  if (!name) {
    ssize_t result = flistxattr(directory, buffer, count);
    return result < 0 ? -errno : result;
  }
#ifdef SYS_listxattrat
  if (!atomic_load_explicit(&lacks_calls, memory_order_relaxed)) {
    long result = syscall(SYS_listxattrat, directory, name,
                          AT_SYMLINK_NOFOLLOW, buffer, count);
    if (result >= 0) return result;
    if (!is_missing(errno)) return -errno;
  }
#endif
  struct descriptor_path path;
  int made = make_path(&path, directory, name);
  if (made < 0) return made;
  ssize_t result = llistxattr(path.text, buffer, count);
  return result < 0 ? path_error() : result;
}

int64_t host_get_attribute(int directory, const char *name,
                           const char *attribute, void *buffer, size_t count) {
  if (!name) {
    ssize_t result = fgetxattr(directory, attribute, buffer, count);
    return result < 0 ? -errno : result;
  }
#ifdef SYS_listxattrat
  if (!atomic_load_explicit(&lacks_calls, memory_order_relaxed)) {
    struct attribute_arguments arguments = {(uintptr_t)buffer, (uint32_t)count, 0};
    long result = syscall(SYS_getxattrat, directory, name, AT_SYMLINK_NOFOLLOW,
                          attribute, &arguments, sizeof arguments);
    if (result >= 0) return result;
    if (!is_missing(errno)) return -errno;
  }
#endif
  struct descriptor_path path;
  int made = make_path(&path, directory, name);
  if (made < 0) return made;
  ssize_t result = lgetxattr(path.text, attribute, buffer, count);
  return result < 0 ? path_error() : result;
}
#else
// Other hosts' attributes are not those of Linux filesystems.
int64_t host_list_attributes(int directory, const char *name, void *buffer,
                             size_t count) {
  (void)directory, (void)name, (void)buffer, (void)count;
  return -ENOTSUP;
}

int64_t host_get_attribute(int directory, const char *name,
                           const char *attribute, void *buffer, size_t count) {
  (void)directory, (void)name, (void)attribute, (void)buffer, (void)count;
  return -ENOTSUP;
}
#endif
