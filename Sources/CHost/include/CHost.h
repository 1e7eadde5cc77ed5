// The system calls that Swift cannot express: variadic, without a wrapper in
// the C library, or built on macros. No policy lives here.
//
// Every function returns a non-negative result, or the negated errno.
// All retry on EINTR.

#ifndef NBDGEN_CHOST_H
#define NBDGEN_CHOST_H

#include <stddef.h>
#include <stdint.h>

/// What `stat` knows of a file, with device numbers taken apart.
struct host_status {
  uint64_t device;
  uint64_t inode;
  uint64_t size;
  uint64_t allocated_sectors;  // of 512 bytes
  int64_t modified_seconds;
  int64_t changed_seconds;
  uint32_t modified_nanoseconds;
  uint32_t changed_nanoseconds;
  uint32_t mode;
  uint32_t user;
  uint32_t group;
  uint32_t link_count;
  uint32_t special_major;
  uint32_t special_minor;
};

/// Status of an open file.
int host_status(int descriptor, struct host_status *status);

/// Status of `name` in an open directory; symbolic links are not followed.
int host_status_at(int directory, const char *name, struct host_status *status);

/// Opens a directory by a name in another one (or AT_FDCWD, see
/// host_open_path); the last component may not be a symbolic link.
int host_open_directory_at(int directory, const char *name);

/// Opens a path as the shell means it, following symbolic links, for reading.
int host_open_path(const char *path, int is_directory);

/// As host_open_path, for what should be a regular file: does not wait for anybody
/// to write to a fifo.
int host_open_regular(const char *path);

/// Opens the file at `path` below an open directory for reading. No component
/// may be a symbolic link or lead out of the directory. With `cached_only` the
/// call does not wait for storage: -EAGAIN says that it would have to.
int host_open_beneath(int directory, const char *path, int cached_only);

/// Reads at most `count` bytes at `offset`. With `cached_only` the call does
/// not wait for storage: -EAGAIN or -EOPNOTSUPP says that it would have to.
int64_t host_read(int descriptor, void *buffer, size_t count, int64_t offset,
                  int cached_only);

/// Has the processor fetch memory that will be read soon; any address will do.
static inline void host_prefetch(const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i += 64)
    __builtin_prefetch((const char *)bytes + i, 0, 2);
}

/// Lets other threads run that wait for this processor.
void host_yield(void);

/// From now on this thread, when it wakes up, interrupts none that is running.
void host_let_others_first(void);

/// Reads what a stream has, at most `count` bytes; 0 at its end.
int64_t host_read_stream(int descriptor, void *buffer, size_t count);

/// Whether the process may read `name` in an open directory, as it is now
/// (effective user): 0 or -EACCES.
int host_check_readable_at(int directory, const char *name);

/// Start of the next run of data (`is_hole` 0) or of the next hole at or
/// behind `offset`; -ENXIO behind the last one.
int64_t host_seek(int descriptor, int64_t offset, int is_hole);

void host_close(int descriptor);

/// Makes a file without a name on the filesystem of an open directory; it is gone
/// when it is closed.
int host_make_unnamed_file(int directory);

/// Another descriptor of an open file.
int host_duplicate(int descriptor);

/// Makes `count` bytes from the start of one file show up in another at `offset`
/// without copying them; both on a filesystem that shares blocks.
int host_clone_range(int source, int64_t count, int target, int64_t offset);

/// Bytes of which a filesystem's blocks are multiples, for an open file.
int64_t host_block_size(int descriptor);

/// What the kernel's clock for files' times says, in nanoseconds since 1970.
int64_t host_file_clock(void);

/// Directory stream over a descriptor, which it owns from then on; NULL when
/// it cannot be had, the descriptor being closed.
void *host_directory_stream(int descriptor);

/// The next name in the stream other than "." and ".."; 1 if there is one,
/// 0 at the end, or a negated errno. The name is valid until the next call.
int host_next_name(void *stream, const char **name, size_t *length);

void host_close_directory_stream(void *stream);

/// Whether permissions do not keep the process from reading anything
/// (CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH; elsewhere, being root).
int host_reads_everything(void);

/// Target of the symbolic link `name` in an open directory; its length.
int64_t host_read_link(int directory, const char *name, void *buffer,
                       size_t count);

/// The names of the extended attributes of `name` in an open directory, or of
/// the directory itself if `name` is NULL: their size, each with a NUL behind
/// it. Symbolic links are not followed. -ERANGE says that `count` is not enough.
int64_t host_list_attributes(int directory, const char *name, void *buffer,
                             size_t count);

/// The value of one of these attributes: its size.
int64_t host_get_attribute(int directory, const char *name,
                           const char *attribute, void *buffer, size_t count);

/// Makes a unix socket of a path of at most 107 bytes, for listening; `mode` is
/// who may connect to it.
int host_bind_unix_socket(const char *path, int mode);

/// Whether a descriptor is a stream socket that listens: 1, 0 or a negated errno.
/// It is no longer inherited by children.
int host_take_listening_socket(int descriptor);

/// Takes the standard input and output away, and puts nothing in their places.
/// With `*is_socket` both were one socket, and `*output` is none.
int host_take_standard_streams(int *input, int *output, int *is_socket);

/// Whether a descriptor is a terminal.
int host_is_terminal(int descriptor);

/// Mode of what is at a path.
int host_path_mode(const char *path, int follows_links);

/// The path without symbolic links in it.
int host_real_path(const char *path, char *buffer, size_t count);

/// Makes a file of a path that ends in XXXXXX, which are replaced; its descriptor.
///
/// The file is locked (flock) as long as the descriptor is open.
int host_make_temporary_file(char *name);

/// Removes the user's regular files in a directory that are called `prefix` and six
/// more bytes, unless somebody has them locked (flock); how many.
int host_remove_abandoned_files(const char *directory, const char *prefix);

/// Opens a file to be written from its start, and creates it if it is not there; does
/// not wait for who reads a fifo.
int host_open_output(const char *path);

/// What is taken off the mode of new files (umask).
int host_file_mode_mask(void);

int host_set_mode(int descriptor, int mode);

/// Writes at most `count` bytes at `offset`; how many.
int64_t host_write_at(int descriptor, const void *bytes, size_t count,
                      int64_t offset);

/// Copies at most `count` bytes from one file to another, sharing them if the
/// filesystem can; how many, 0 at the end of the source.
int64_t host_copy_range(int source, int64_t from, int target, int64_t to,
                        int64_t count);

int host_set_size(int descriptor, int64_t size);

/// Has the host begin to put what was written to a range on storage, where it can do
/// that without anybody's waiting.
void host_start_writing(int descriptor, int64_t offset, int64_t count);

/// Waits until what was written is on storage: of a file, or names of a directory.
int host_synchronize(int descriptor);

/// Gives a file another name on the same filesystem. -EEXIST says that there is a
/// file of that name, unless it may be replaced.
int host_rename(const char *from, const char *to, int replaces);

/// Opens a block device for writing; -EBUSY says that it is in use.
int host_open_device(const char *path);

/// Bytes of an open block device.
int64_t host_device_size(int descriptor);

/// Makes a range of a block device read as zeros; it starts and ends with sectors.
int host_clear_device(int descriptor, int64_t offset, int64_t count);

/// Writing beyond the largest size of a file is an error, not the process's end.
void host_ignore_size_signal(void);

/// Columns of a terminal; 0 if they are not known.
int host_terminal_width(int descriptor);

/// Removes a name from the filesystem.
int host_remove_file(const char *path);

void host_sleep_milliseconds(int64_t duration);

/// Gives memory that was freed back to the host, where the C library keeps it.
void host_trim_memory(void);

/// How many seconds the host's time zone is ahead of UTC at a time in seconds
/// since 1970.
int64_t host_local_offset(int64_t seconds);

/// The time since 1970-01-01 00:00 UTC, as the host's clock has it.
int64_t host_nanoseconds_since_epoch(void);

/// Writes a time in nanoseconds since 1970 as `2026-01-31T23:59:59.999Z`, with a NUL
/// behind it; the number of characters, or 0 if there is not enough room.
size_t host_format_time(int64_t nanoseconds, char *buffer, size_t count);

/// The most descriptors that the process may have open, its hard limit. With
/// `raises` the soft limit becomes that too.
int64_t host_descriptor_limit(int raises);

/// Blocks the signals that end a program, SIGCHLD and SIGUSR1, in this thread and
/// the ones that it starts from then on.
void host_block_signals(void);

/// Has a new thread run `run`, which nobody waits for.
int host_start_thread(void *(*run)(void *context), void *context);

/// Waits for one of these signals; its number, or 0 after `milliseconds`. A
/// negative duration waits for ever.
int host_wait_signal(int64_t milliseconds);

/// Runs `/bin/sh -c command` in a directory with default signal handling; its
/// process number.
int host_spawn_shell(const char *command, const char *directory);

/// Runs `/bin/sh -c script` with its standard output going to a pipe; the
/// reading end, and the process number in `*process`.
int host_spawn_script(const char *script, int *process);

/// Runs a program that is looked for in PATH, without a shell, with one argument
/// and its standard output going to `output`.
///
/// Returns a socket for its standard input, its process number in `*process`, and
/// in `*errors` the reading end of a pipe for its messages, of which those that do
/// not fit are lost; -ENOENT says that there is no such program.
int host_spawn_filter(const char *program, const char *argument, int output,
                      int *process, int *errors);

/// Sends bytes to a socket, at most `count`; -EPIPE says that nobody reads there.
int64_t host_send(int socket, const void *bytes, size_t count);

/// Opens a new file in a directory, for reading and writing, that has no name and
/// is gone when it is closed.
int host_open_temporary(const char *directory);

/// Waits for a child; its exit status in the form of host_child_status.
int host_wait_child(int process);

/// Gives a child that nobody reads from any more a moment to end, and then
/// forgets it.
void host_abandon_child(int process);

/// Whether a child has ended: its exit status, 128 and the signal's number if
/// it was killed by one, or -EAGAIN.
int host_child_status(int process);

int host_send_signal(int process, int signal);

/// Has the process get SIGTERM when its parent ends; -ENOTSUP where there is no
/// such thing, -ESRCH if the parent has ended already.
int host_exit_with_parent(void);

/// Removes an environment variable.
int host_unset_environment(const char *name);

/// Sets an environment variable for children.
int host_set_environment(const char *name, const char *value);

/// Makes a directory of a name that ends in XXXXXX, which are replaced; only
/// the user may enter it.
int host_make_temporary_directory(char *name);

/// Makes a directory; -EEXIST says that there is something.
int host_make_directory(const char *path);

/// Removes an empty directory.
int host_remove_directory(const char *path);

/// Number of SIGCHLD.
int host_child_signal(void);

/// Number of SIGUSR1.
int host_user_signal(void);

/// From now on a signal that ends programs does so on the spot, with status 128
/// and its number.
void host_exit_on_next_signal(void);

/// Entry `index` of the environment, `name=value`; NULL behind the last.
const char *host_environment_entry(int index);

int host_working_directory(char *buffer, size_t count);

int host_change_directory(const char *path);

int host_process_number(void);

/// Ends the process on the spot.
void host_exit(int status) __attribute__((noreturn));

/// How many processors this process may run on, at least one.
int host_processor_count(void);

/// Has threads share heaps, of which there are then no more than processors, where the C
/// library would make eight times as many: what one thread took and another one gave back
/// stays with the heap that it came from, and most of ours wait most of the time.
void host_bound_heaps(void);

#include "Mapping.h"
#include "Socket.h"

#endif
