#ifndef CHOST_SOCKET_H
#define CHOST_SOCKET_H

#include <stddef.h>
#include <stdint.h>

/// Whether something can be received from a socket now, or be sent to it; errors and
/// ends count as well. Does not wait.
int host_is_ready(int descriptor, int for_sending);

/// Bytes to send.
struct host_piece {
  const void *start;
  size_t count;
};

/// Sends pieces one after the other through a socket, without waiting: how many
/// bytes it took, or a negated errno.
int64_t host_send_pieces(int socket, const struct host_piece *pieces, int count);

/// Receives what has arrived at a socket, without waiting: how many bytes, 0 at the
/// end, or a negated errno.
int64_t host_receive(int socket, void *buffer, size_t count);

#endif
