// SPDX-License-Identifier: Apache-2.0
// Preloaded into an agent: dies by SIGKILL at its Nth change of a file (AW_CRASH_AT), and when that
// is a write, after half of it. Without AW_CRASH_AT it counts, and says how many there were in the
// file AW_CRASH_COUNT at exit. What goes to the standard streams is no change of the agent's state.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long seen;
static long limit = -1;

__attribute__((constructor)) static void begin(void) {
  char const* at = getenv("AW_CRASH_AT");
  if (at != NULL) limit = atol(at);
}

__attribute__((destructor)) static void end(void) {
  char const* name = getenv("AW_CRASH_COUNT");
  FILE* out = name == NULL ? NULL : fopen(name, "w");
  if (out == NULL) return;
  limit = -1;
  fprintf(out, "%ld\n", atomic_load(&seen));
  fclose(out);
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static int due(void) { return atomic_fetch_add(&seen, 1) + 1 == limit; }

static int regular(int fd) {
  struct stat info;
  return fd > 2 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

ssize_t write(int fd, void const* bytes, size_t size) {
  if (regular(fd) && due()) {
    syscall(SYS_write, fd, bytes, size / 2);
    die();
  }
  return syscall(SYS_write, fd, bytes, size);
}

ssize_t pwrite(int fd, void const* bytes, size_t size, off_t at) {
  if (regular(fd) && due()) {
    syscall(SYS_pwrite64, fd, bytes, size / 2, at);
    die();
  }
  return syscall(SYS_pwrite64, fd, bytes, size, at);
}
ssize_t pwrite64(int fd, void const* bytes, size_t size, off64_t at) { return pwrite(fd, bytes, size, at); }

#define BEFORE(name, args, pass)                                                    \
  int name args {                                                                   \
    static int(*real) args;                                                         \
    if (real == NULL) real = (int(*) args)dlsym(RTLD_NEXT, #name);                  \
    if (due()) die();                                                               \
    return real pass;                                                               \
  }
BEFORE(rename, (char const* from, char const* to), (from, to))
BEFORE(unlink, (char const* path), (path))
BEFORE(remove, (char const* path), (path))
BEFORE(ftruncate, (int fd, off_t size), (fd, size))
BEFORE(ftruncate64, (int fd, off64_t size), (fd, size))
BEFORE(fsync, (int fd), (fd))
BEFORE(fdatasync, (int fd), (fd))
BEFORE(mkdir, (char const* path, mode_t mode), (path, mode))
