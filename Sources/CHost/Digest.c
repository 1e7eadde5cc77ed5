// SHA-256 (FIPS 180-4) of what comes in pieces. Processors with instructions for
// it do it ten times as quickly.

#include "CHost.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

/// The first 32 bits of the fractional parts of the cube roots of the first 64
/// primes (section 4.2.2).
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotated(uint32_t word, int count) {
  return word >> count | word << (32 - count);
}

static void add_blocks_plainly(uint32_t state[8], const uint8_t *bytes, size_t count) {
  for (; count > 0; count--, bytes += 64) {
    uint32_t schedule[64];
    for (int t = 0; t < 16; t++)
      schedule[t] = (uint32_t)bytes[4 * t] << 24 | (uint32_t)bytes[4 * t + 1] << 16 |
                    (uint32_t)bytes[4 * t + 2] << 8 | bytes[4 * t + 3];
    for (int t = 16; t < 64; t++) {
      uint32_t early = schedule[t - 15], late = schedule[t - 2];
      schedule[t] = schedule[t - 16] + schedule[t - 7] +
                    (rotated(early, 7) ^ rotated(early, 18) ^ early >> 3) +
                    (rotated(late, 17) ^ rotated(late, 19) ^ late >> 10);
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int t = 0; t < 64; t++) {
      uint32_t first = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) +
                       ((e & f) ^ (~e & g)) + constants[t] + schedule[t];
      uint32_t second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) +
                        ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + first;
      d = c, c = b, b = a, a = first + second;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
  }
}

#if defined(__x86_64__)
/// The same with the processor's instructions, which keep the state as the halves
/// abef and cdgh, and do two rounds at a time.
__attribute__((target("sha,sse4.1"))) static void add_blocks_quickly(
    uint32_t state[8], const uint8_t *bytes, size_t count) {
  const __m128i order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  __m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
  __m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
  for (; count > 0; count--, bytes += 64) {
    __m128i former_abef = abef, former_cdgh = cdgh;
    // The last 16 words of the schedule, four in each.
    __m128i words[4];
    for (int group = 0; group < 16; group++) {
      __m128i next;
      if (group < 4) {
        next = _mm_loadu_si128((const __m128i *)(bytes + 16 * group));
        next = _mm_shuffle_epi8(next, order);
      } else {
        __m128i last = words[(group - 1) & 3], before = words[(group - 2) & 3];
        next = _mm_sha256msg1_epu32(words[group & 3], words[(group - 3) & 3]);
        next = _mm_add_epi32(next, _mm_alignr_epi8(last, before, 4));
        next = _mm_sha256msg2_epu32(next, last);
      }
      words[group & 3] = next;
      __m128i sum =
          _mm_add_epi32(next, _mm_loadu_si128((const __m128i *)(constants + 4 * group)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
    }
    abef = _mm_add_epi32(abef, former_abef);
    cdgh = _mm_add_epi32(cdgh, former_cdgh);
  }
  state[0] = (uint32_t)_mm_extract_epi32(abef, 3);
  state[1] = (uint32_t)_mm_extract_epi32(abef, 2);
  state[2] = (uint32_t)_mm_extract_epi32(cdgh, 3);
  state[3] = (uint32_t)_mm_extract_epi32(cdgh, 2);
  state[4] = (uint32_t)_mm_extract_epi32(abef, 1);
  state[5] = (uint32_t)_mm_extract_epi32(abef, 0);
  state[6] = (uint32_t)_mm_extract_epi32(cdgh, 1);
  state[7] = (uint32_t)_mm_extract_epi32(cdgh, 0);
}

/// Whether the processor has these instructions: CPUID leaf 7, EBX bit 29, and
/// leaf 1, ECX bit 19 (SSE4.1).
static int is_quick(void) {
  static int known = -1;
  int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (answer < 0) {
    unsigned a, b, c, d, b7 = 0;
    answer = __get_cpuid_count(7, 0, &a, &b7, &c, &d) && b7 >> 29 & 1 &&
             __get_cpuid(1, &a, &b, &c, &d) && c >> 19 & 1;
    __atomic_store_n(&known, answer, __ATOMIC_RELAXED);
  }
  return answer;
}
#endif

static void add_blocks(uint32_t state[8], const uint8_t *bytes, size_t count) {
#if defined(__x86_64__)
  if (is_quick()) {
    add_blocks_quickly(state, bytes, count);
    return;
  }
#endif
  add_blocks_plainly(state, bytes, count);
}

void host_sha256_start(struct host_sha256 *digest) {
  // The square roots of the first eight primes (section 5.3.3).
  static const uint32_t start[8] = {
      0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
      0x1f83d9ab, 0x5be0cd19,
  };
  memcpy(digest->state, start, sizeof start);
  digest->size = 0;
}

void host_sha256_add(struct host_sha256 *digest, const void *bytes, size_t count) {
  const uint8_t *next = bytes;
  size_t filled = digest->size % 64;
  digest->size += count;
  if (filled > 0) {
    size_t taken = 64 - filled < count ? 64 - filled : count;
    memcpy(digest->rest + filled, next, taken);
    next += taken;
    count -= taken;
    if (filled + taken < 64) return;
    add_blocks(digest->state, digest->rest, 1);
  }
  add_blocks(digest->state, next, count / 64);
  if (count % 64 > 0) memcpy(digest->rest, next + count / 64 * 64, count % 64);
}

void host_sha256_finish(struct host_sha256 *digest, uint8_t result[32]) {
  uint64_t bits = digest->size * 8;
  uint8_t end[72] = {0x80};
  size_t padding = 64 - (digest->size + 8) % 64;
  for (int byte = 0; byte < 8; byte++) end[padding + byte] = (uint8_t)(bits >> (56 - 8 * byte));
  host_sha256_add(digest, end, padding + 8);
  for (int word = 0; word < 8; word++)
    for (int byte = 0; byte < 4; byte++)
      result[4 * word + byte] = (uint8_t)(digest->state[word] >> (24 - 8 * byte));
}
