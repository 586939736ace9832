/*
 * Test only: serves /dev/i2c-N from a UNIX socket, for programs that are started with LD_PRELOAD.
 *
 * Every open of /dev/i2c-N becomes its own connection to the simulator at $WATTPROOF_I2C_SOCKET; reads, writes
 * and the I2C ioctls on it become one request and one reply each, and block the calling thread until the
 * simulator answers, as the kernel does. Everything else goes to the C library unchanged.
 *
 * Request: operation(1) argument(2, little endian) length(2) bytes. Reply: result(4, negative errno) length(2) bytes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#define FDS 4096
#define MOST 8192

enum { OP_OPEN = 1, OP_SLAVE, OP_WRITE, OP_READ, OP_SMBUS, OP_FUNCS };

/* Which descriptors are connections to the simulator. */
static volatile char served[FDS];

#define REAL(result, name, ...)                                        \
  static result (*real)(__VA_ARGS__);                                  \
  if (real == NULL) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static ssize_t plain_read(int fd, void *to, size_t count) {
  REAL(ssize_t, "read", int, void *, size_t);
  return real(fd, to, count);
}

static ssize_t plain_write(int fd, const void *from, size_t count) {
  REAL(ssize_t, "write", int, const void *, size_t);
  return real(fd, from, count);
}

static int plain_close(int fd) {
  REAL(int, "close", int);
  return real(fd);
}

static int transfer_all(int fd, void *bytes, size_t count, int out) {
  uint8_t *at = bytes;
  while (count > 0) {
    ssize_t n = out ? plain_write(fd, at, count) : plain_read(fd, at, count);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -1;
    at += n;
    count -= (size_t)n;
  }
  return 0;
}

/* One exchange with the simulator. A simulator that went away is an adapter that was pulled out. */
static long ask(int fd, int operation, unsigned argument, const void *bytes, size_t length, void *reply,
                size_t room) {
  uint8_t message[5 + MOST];
  uint8_t head[6];
  if (length > MOST) { errno = EINVAL; return -1; }
  message[0] = (uint8_t)operation;
  message[1] = (uint8_t)argument;
  message[2] = (uint8_t)(argument >> 8);
  message[3] = (uint8_t)length;
  message[4] = (uint8_t)(length >> 8);
  if (length > 0) memcpy(message + 5, bytes, length);
  if (transfer_all(fd, message, 5 + length, 1) != 0 || transfer_all(fd, head, 6, 0) != 0) {
    errno = ENODEV;
    return -1;
  }
  int32_t result = (int32_t)(head[0] | head[1] << 8 | head[2] << 16 | (uint32_t)head[3] << 24);
  size_t count = (size_t)(head[4] | head[5] << 8);
  uint8_t data[MOST];
  if (count > MOST || (count > 0 && transfer_all(fd, data, count, 0) != 0)) { errno = ENODEV; return -1; }
  if (result < 0) { errno = -result; return -1; }
  if (count > 0 && reply != NULL) memcpy(reply, data, count < room ? count : room);
  return result;
}

static int is_served(int fd) { return fd >= 0 && fd < FDS && served[fd]; }

/* The number N of /dev/i2c-N, or -1. */
static int bus_of(const char *path) {
  int bus = -1, end = 0;
  if (path == NULL || getenv("WATTPROOF_I2C_SOCKET") == NULL) return -1;
  if (sscanf(path, "/dev/i2c-%d%n", &bus, &end) != 1 || path[end] != '\0') return -1;
  return bus;
}

static int open_served(int bus) {
  struct sockaddr_un name = { .sun_family = AF_UNIX };
  snprintf(name.sun_path, sizeof name.sun_path, "%s", getenv("WATTPROOF_I2C_SOCKET"));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (fd >= FDS || connect(fd, (struct sockaddr *)&name, sizeof name) != 0) {
    plain_close(fd);
    errno = ENOENT;
    return -1;
  }
  if (ask(fd, OP_OPEN, (unsigned)bus, NULL, 0, NULL, 0) < 0) {
    int why = errno;
    plain_close(fd);
    errno = why;
    return -1;
  }
  served[fd] = 1;
  return fd;
}

#define OPEN(name)                                                     \
  int name(const char *path, int flags, ...) {                         \
    REAL(int, #name, const char *, int, ...);                          \
    va_list rest;                                                      \
    va_start(rest, flags);                                             \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                      \
    int bus = bus_of(path);                                            \
    return bus >= 0 ? open_served(bus) : real(path, flags, mode);      \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                   \
  int name(int folder, const char *path, int flags, ...) {             \
    REAL(int, #name, int, const char *, int, ...);                     \
    va_list rest;                                                      \
    va_start(rest, flags);                                             \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                      \
    int bus = bus_of(path);                                            \
    return bus >= 0 ? open_served(bus) : real(folder, path, flags, mode); \
  }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
  if (is_served(fd)) served[fd] = 0;
  return plain_close(fd);
}

static ssize_t read_served(int fd, void *to, size_t count) {
  return ask(fd, OP_READ, (unsigned)(count > MOST ? MOST : count), NULL, 0, to, count);
}

static ssize_t write_served(int fd, const void *from, size_t count) {
  return ask(fd, OP_WRITE, 0, from, count > MOST ? MOST : count, NULL, 0);
}

ssize_t read(int fd, void *to, size_t count) {
  return is_served(fd) ? read_served(fd, to, count) : plain_read(fd, to, count);
}

ssize_t write(int fd, const void *from, size_t count) {
  return is_served(fd) ? write_served(fd, from, count) : plain_write(fd, from, count);
}

#define PREAD(name, offset)                                            \
  ssize_t name(int fd, void *to, size_t count, offset at) {            \
    REAL(ssize_t, #name, int, void *, size_t, offset);                 \
    return is_served(fd) ? read_served(fd, to, count) : real(fd, to, count, at); \
  }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

#define PWRITE(name, offset)                                           \
  ssize_t name(int fd, const void *from, size_t count, offset at) {    \
    REAL(ssize_t, #name, int, const void *, size_t, offset);           \
    return is_served(fd) ? write_served(fd, from, count) : real(fd, from, count, at); \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* Direction, command and size, then the union as the kernel's header has it. */
static long smbus_served(int fd, const struct i2c_smbus_ioctl_data *call) {
  uint8_t request[5 + sizeof(union i2c_smbus_data)] = {
      call->read_write, call->command, (uint8_t)call->size, (uint8_t)(call->size >> 8), call->data != NULL};
  if (call->data != NULL) memcpy(request + 5, call->data, sizeof(union i2c_smbus_data));
  return ask(fd, OP_SMBUS, 0, request, sizeof request, call->data, sizeof(union i2c_smbus_data));
}

int ioctl(int fd, unsigned long request, ...) {
  REAL(int, "ioctl", int, unsigned long, ...);
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  if (!is_served(fd)) return real(fd, request, argument);
  switch (request) {
    case I2C_SLAVE:
    case I2C_SLAVE_FORCE: {
      uint8_t force = request == I2C_SLAVE_FORCE;
      return (int)ask(fd, OP_SLAVE, (unsigned)(uintptr_t)argument, &force, 1, NULL, 0);
    }
    case I2C_SMBUS:
      return (int)smbus_served(fd, argument);
    case I2C_FUNCS: {
      uint32_t functions = 0;
      if (ask(fd, OP_FUNCS, 0, NULL, 0, &functions, sizeof functions) < 0) return -1;
      *(unsigned long *)argument = functions;
      return 0;
    }
    default:
      errno = ENOTTY;
      return -1;
  }
}
