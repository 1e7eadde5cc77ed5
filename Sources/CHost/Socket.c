// What is done with the sockets of clients.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "CHost.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

int host_is_ready(int descriptor, int for_sending) {
  struct pollfd wanted = {.fd = descriptor,
                          .events = for_sending ? POLLOUT : POLLIN};
  return poll(&wanted, 1, 0) > 0;
}

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

_Static_assert(sizeof(struct host_piece) == sizeof(struct iovec) &&
                   offsetof(struct host_piece, start) ==
                       offsetof(struct iovec, iov_base) &&
                   offsetof(struct host_piece, count) ==
                       offsetof(struct iovec, iov_len),
               "a piece is what the system takes");

int64_t host_send_pieces(int socket, const struct host_piece *pieces, int count) {
  struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)pieces,
                           .msg_iovlen = (size_t)count};
  const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  ssize_t result;
  do {
    // What is in one piece gets there sooner without a message around it.
    result = count == 1 ? send(socket, pieces->start, pieces->count, flags)
                        : sendmsg(socket, &message, flags);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

int64_t host_receive(int socket, void *buffer, size_t count) {
  ssize_t result;
  do {
    result = recv(socket, buffer, count, MSG_DONTWAIT);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}
