#ifndef CHOST_MAPPING_H
#define CHOST_MAPPING_H

#include <stddef.h>
#include <stdint.h>

/// A file in memory, as far as the host has it there.
struct host_mapping;

/// Maps all of a file of so many bytes; NULL if that is not possible.
///
/// From then on the process catches SIGBUS, which is what a file that was cut off
/// answers a look at its mapping with, and hands on what it does not know.
struct host_mapping *host_map(int descriptor, uint64_t size);

/// Ends a mapping that nobody uses any more; NULL is none.
void host_unmap(struct host_mapping *mapping);

/// Where bytes of the file are, if looking at them takes no waiting for storage as
/// far as is known; else NULL. They are looked at by host_copy_mapped, or by a
/// system call.
const void *host_mapped(struct host_mapping *mapping, uint64_t offset,
                        size_t count);

/// Copies what host_mapped found; 0 if it is not there any more.
int host_copy_mapped(void *target, const void *source, size_t count);

/// Takes note of bytes that the host just had in its memory, where host_mapped did not
/// know of them.
void host_note_cached(struct host_mapping *mapping, uint64_t offset,
                      size_t count);

/// Looks, now and then, whether the host has taken away what was mapped.
void host_check_faults(void);

/// Has memory that was not touched yet consist of large pages, where there are such.
void host_prefer_huge_pages(const void *start, size_t count);

#endif
