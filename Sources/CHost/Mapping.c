// Files in memory: what the host has of them is copied without a system call.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "CHost.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// Pages of 4 KiB, whatever the processor's are: what is mapped is counted so.
#define PAGE_BITS 12
#define PAGES_PER_WORD 64

// The host is asked about a window of pages at a time: 2 MiB.
#define WINDOW_BITS 21
#define PAGES_PER_WINDOW ((size_t)1 << (WINDOW_BITS - PAGE_BITS))

// Without the host's answers, so many reads of a window have to find it in memory before
// more than reading is done for it.
#define READS_BEFORE_MAPPING 8

// How much of all files may be mapped at a time, in pages: 8 GiB, for which the
// kernel needs 16 MiB of tables.
#define PAGE_LIMIT ((long)2 << 20)

// How often it is looked whether the host took pages away, in nanoseconds.
#define LOOK_INTERVAL ((int64_t)10 * 1000 * 1000)

// What was seen of a window.
struct window {
  // Reads that found what they wanted in the host's memory, but not here.
  _Atomic uint16_t misses;
  // How many of them it takes to look at the window.
  _Atomic uint16_t patience;
};

struct host_mapping {
  const char *start;
  size_t size;
  // Whether the host tells the truth about what it has: to owners of the file, and
  // to those who may write to it.
  int is_told;
  // The epoch that what is below belongs to.
  atomic_uint epoch;
  atomic_long page_count;
  struct window *windows;
  // A bit for each page that is in memory.
  _Atomic uint64_t pages[];
};

static atomic_long mapped_pages;

// Grows whenever pages may have been taken away.
static atomic_uint current_epoch;
static atomic_int_least64_t next_look;
static atomic_long seen_faults;

static __thread sigjmp_buf *rescue;
static struct sigaction former;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int is_guarded;

// A page of a file that has been cut off, or that storage cannot give, is a
// SIGBUS: that ends the copy, and not the process.
static void on_bus_error(int number, siginfo_t *info, void *context) {
  sigjmp_buf *place = rescue;
  if (place) {
    rescue = NULL;
    siglongjmp(*place, 1);
  }
  // Not ours: whoever was there before decides.
  if (former.sa_flags & SA_SIGINFO) {
    if (former.sa_sigaction) {
      former.sa_sigaction(number, info, context);
      return;
    }
  } else if (former.sa_handler != SIG_DFL && former.sa_handler != SIG_IGN) {
    former.sa_handler(number);
    return;
  }
  int was_ignored =
      !(former.sa_flags & SA_SIGINFO) && former.sa_handler == SIG_IGN;
  // One that somebody sent, rather than the processor, may be ignored.
  if (info->si_code <= 0 && was_ignored) return;
  // It happens again at once, or here, and then ends the process.
  signal(number, SIG_DFL);
  if (info->si_code <= 0) raise(number);
}

static void guard(void) {
#ifdef MADV_POPULATE_READ
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_bus_error;
  // Without its own signal blocked: what leaves by a jump unblocks nothing.
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  is_guarded = sigaction(SIGBUS, &action, &former) == 0;
#endif
}

static size_t page_total(size_t size) {
  return (size + ((size_t)1 << PAGE_BITS) - 1) >> PAGE_BITS;
}

static size_t word_total(size_t size) {
  return (page_total(size) + PAGES_PER_WORD - 1) / PAGES_PER_WORD;
}

static size_t window_total(size_t size) { return (size >> WINDOW_BITS) + 1; }

#ifdef MADV_POPULATE_READ
static int is_told(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return 0;
  if (status.st_uid == geteuid()) return 1;
  return faccessat(descriptor, "", W_OK, AT_EACCESS | AT_EMPTY_PATH) == 0;
}
#endif

struct host_mapping *host_map(int descriptor, uint64_t size) {
#ifdef MADV_POPULATE_READ
  if (sizeof(void *) < 8 || size == 0 || size > (uint64_t)1 << 45) return NULL;
  pthread_once(&once, guard);
  if (!is_guarded) return NULL;
  size_t words = word_total((size_t)size);
  struct host_mapping *mapping =
      calloc(1, sizeof *mapping + words * sizeof mapping->pages[0]);
  if (!mapping) return NULL;
  mapping->windows = calloc(window_total((size_t)size), sizeof(struct window));
  void *start = mapping->windows ? mmap(NULL, (size_t)size, PROT_READ,
                                        MAP_SHARED, descriptor, 0)
                                 : MAP_FAILED;
  if (start == MAP_FAILED) {
    free(mapping->windows);
    free(mapping);
    return NULL;
  }
  mapping->start = start;
  mapping->size = (size_t)size;
  mapping->is_told = is_told(descriptor);
  atomic_init(&mapping->epoch,
              atomic_load_explicit(&current_epoch, memory_order_relaxed));
  return mapping;
#else
  (void)descriptor;
  (void)size;
  return NULL;
#endif
}

void host_unmap(struct host_mapping *mapping) {
  if (!mapping) return;
  munmap((void *)mapping->start, mapping->size);
  atomic_fetch_sub_explicit(
      &mapped_pages,
      atomic_load_explicit(&mapping->page_count, memory_order_relaxed),
      memory_order_relaxed);
  free(mapping->windows);
  free(mapping);
}

// Forgets which pages are mapped.
static void forget(struct host_mapping *mapping, unsigned epoch) {
  // Of several threads one does, and the others ask the host meanwhile.
  if (atomic_exchange(&mapping->epoch, epoch) == epoch) return;
  size_t words = word_total(mapping->size);
  for (size_t index = 0; index < words; index++) {
    // Mostly nothing, and then nothing is to be written.
    if (atomic_load_explicit(&mapping->pages[index], memory_order_relaxed))
      atomic_store_explicit(&mapping->pages[index], 0, memory_order_relaxed);
  }
  size_t windows = window_total(mapping->size);
  for (size_t index = 0; index < windows; index++) {
    if (atomic_load_explicit(&mapping->windows[index].patience,
                             memory_order_relaxed))
      atomic_store_explicit(&mapping->windows[index].patience, 0,
                            memory_order_relaxed);
  }
  long count =
      atomic_exchange_explicit(&mapping->page_count, 0, memory_order_relaxed);
  atomic_fetch_sub_explicit(&mapped_pages, count, memory_order_relaxed);
}

// Begins another epoch if a page that was mapped had to be waited for since this was
// looked at last: then the host needs memory, and other pages are gone, too.
static void look_for_faults(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  int64_t now = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
  int64_t due = atomic_load_explicit(&next_look, memory_order_relaxed);
  if (now < due) return;
  if (!atomic_compare_exchange_strong(&next_look, &due, now + LOOK_INTERVAL))
    return;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  long seen = atomic_exchange(&seen_faults, usage.ru_majflt);
  if (usage.ru_majflt != seen) atomic_fetch_add(&current_epoch, 1);
}

static int is_here(const struct host_mapping *mapping, size_t page) {
  return atomic_load_explicit(&mapping->pages[page / PAGES_PER_WORD],
                              memory_order_relaxed) >>
             (page % PAGES_PER_WORD) &
         1;
}

const void *host_mapped(struct host_mapping *mapping, uint64_t offset,
                        size_t count) {
  if (count == 0 || offset > mapping->size || count > mapping->size - offset)
    return NULL;
  unsigned epoch = atomic_load_explicit(&current_epoch, memory_order_relaxed);
  if (atomic_load_explicit(&mapping->epoch, memory_order_relaxed) != epoch) {
    forget(mapping, epoch);
    return NULL;
  }
  size_t last = (size_t)(offset + count - 1) >> PAGE_BITS;
  for (size_t page = (size_t)offset >> PAGE_BITS; page <= last; page++)
    if (!is_here(mapping, page)) return NULL;
  return mapping->start + offset;
}

int host_copy_mapped(void *target, const void *source, size_t count) {
  sigjmp_buf place;
  // The signals that are blocked stay those: saving them takes a system call.
  if (sigsetjmp(place, 0)) return 0;
  rescue = &place;
  atomic_signal_fence(memory_order_seq_cst);
  memcpy(target, source, count);
  atomic_signal_fence(memory_order_seq_cst);
  rescue = NULL;
  return 1;
}

#ifdef MADV_POPULATE_READ
// Takes note of pages that are in memory.
static void add_pages(struct host_mapping *mapping, size_t first,
                      const unsigned char *there, size_t count) {
  long added = 0;
  uint64_t bits = 0;
  for (size_t index = 0; index < count; index++) {
    size_t page = first + index;
    if (!there || there[index] & 1) bits |= (uint64_t)1 << (page % PAGES_PER_WORD);
    if (index + 1 < count && (page + 1) % PAGES_PER_WORD) continue;
    uint64_t before = atomic_fetch_or_explicit(
        &mapping->pages[page / PAGES_PER_WORD], bits, memory_order_relaxed);
    added += __builtin_popcountll(bits & ~before);
    bits = 0;
  }
  atomic_fetch_add_explicit(&mapping->page_count, added, memory_order_relaxed);
  atomic_fetch_add_explicit(&mapped_pages, added, memory_order_relaxed);
}

// Asks the host which pages of a window it has in memory.
static void look_at_window(struct host_mapping *mapping, size_t index) {
  size_t first = index * PAGES_PER_WINDOW;
  size_t count = page_total(mapping->size) - first;
  if (count > PAGES_PER_WINDOW) count = PAGES_PER_WINDOW;
  unsigned char there[PAGES_PER_WINDOW];
  const char *start = mapping->start + (first << PAGE_BITS);
  if (mincore((void *)start, count << PAGE_BITS, there) != 0) return;
  add_pages(mapping, first, there, count);
}
#endif

void host_note_cached(struct host_mapping *mapping, uint64_t offset,
                      size_t count) {
#ifdef MADV_POPULATE_READ
  if (count == 0 || offset > mapping->size || count > mapping->size - offset)
    return;
  if (sysconf(_SC_PAGESIZE) != 1 << PAGE_BITS) return;
  if (atomic_load_explicit(&mapped_pages, memory_order_relaxed) > PAGE_LIMIT)
    return;
  struct window *window = &mapping->windows[offset >> WINDOW_BITS];
  unsigned misses = 1u + atomic_fetch_add_explicit(&window->misses, 1,
                                                   memory_order_relaxed);
  unsigned patience =
      atomic_load_explicit(&window->patience, memory_order_relaxed);
  if (!mapping->is_told) {
    if (misses < READS_BEFORE_MAPPING) return;
    atomic_store_explicit(&window->misses, READS_BEFORE_MAPPING,
                          memory_order_relaxed);
    // What was just read is in memory: to map it takes no waiting.
    size_t first = (size_t)offset >> PAGE_BITS;
    size_t pages = ((size_t)(offset + count - 1) >> PAGE_BITS) - first + 1;
    const char *start = mapping->start + (first << PAGE_BITS);
    if (madvise((void *)start, pages << PAGE_BITS, MADV_POPULATE_READ) == 0)
      add_pages(mapping, first, NULL, pages);
    return;
  }
  // The second read of a window has it looked at, and then ever fewer: where pages come
  // in one by one, there is always one that was not there.
  if (misses < (patience ? patience : 2)) return;
  atomic_store_explicit(&window->misses, 0, memory_order_relaxed);
  atomic_store_explicit(
      &window->patience,
      patience < 512 ? (uint16_t)(patience ? 2 * patience : 4) : 512,
      memory_order_relaxed);
  look_at_window(mapping, (size_t)(offset >> WINDOW_BITS));
#endif
}

void host_check_faults(void) { look_for_faults(); }

void host_prefer_huge_pages(const void *start, size_t count) {
#ifdef MADV_HUGEPAGE
  const uintptr_t size = (uintptr_t)1 << 21;
  uintptr_t first = ((uintptr_t)start + size - 1) & ~(size - 1);
  uintptr_t end = ((uintptr_t)start + count) & ~(size - 1);
  if (first < end) (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
#else
  (void)start;
  (void)count;
#endif
}
