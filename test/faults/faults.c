/*
 * Preloaded into a server (LD_PRELOAD): counts the calls with which SQLite touches files under one
 * directory, and makes one of them fail, or all from one on.
 *
 * TEALIGHT_FAULTS_DIR names the directory, TEALIGHT_FAULTS_CONTROL a file of the layout below, which is
 * mapped: whoever runs the server reads the counts there while it runs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { IO, FULL, QUOTA, READONLY, SHORT, KINDS };

struct control {
  int64_t kind;       /* of the fault; KINDS for none */
  int64_t at;         /* the number of the call that fails, from 1 on, among those that can fail so */
  int64_t from_on;    /* whether all later ones fail, too */
  int64_t failed;     /* how many have failed */
  int64_t calls;      /* of all kinds */
  int64_t of[KINDS];  /* calls that can fail in each way */
  char what[232];     /* the first that failed: its name and its file */
};

static struct control *control;
static const char *directory;
static size_t directory_length;
/* Of each open file whether it counts, and its name. */
static char *names[4096];
static int is_cut;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("TEALIGHT_FAULTS_CONTROL");
  directory = getenv("TEALIGHT_FAULTS_DIR");
  if (!path || !directory) return;
  directory_length = strlen(directory);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) abort();
  void *at = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) abort();
  control = at;
  close(fd);
}

#define REAL(name) ({ static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })

static int is_counted(const char *path) {
  return control && path && strncmp(path, directory, directory_length) == 0;
}

static const char *name_of(int fd) {
  return control && fd >= 0 && fd < 4096 ? names[fd] : NULL;
}

/* Returns 0, or the number of the error with which this call is to fail; -1 for a write cut short. */
static int fault(const char *call, const char *file, unsigned kinds) {
  static const int errors[KINDS] = { EIO, ENOSPC, EDQUOT, EROFS, -1 };
  if (!file) return 0;
  int error = 0;
  pthread_mutex_lock(&lock);
  control->calls++;
  for (int kind = 0; kind < KINDS; kind++) {
    if (!(kinds & 1u << kind)) continue;
    int64_t number = ++control->of[kind];
    if (kind != control->kind) continue;
    if (is_cut) {
      /* SQLite writes the rest of what was cut: there is no room for it. */
      error = ENOSPC;
      is_cut = control->from_on != 0;
    } else if (number == control->at || (control->from_on && number > control->at)) {
      error = errors[kind];
      if (error < 0) is_cut = 1;
      if (control->failed++ == 0) {
        snprintf(control->what, sizeof control->what, "%s %s", call, file + directory_length);
      }
    }
  }
  pthread_mutex_unlock(&lock);
  return error;
}

#define BIT(kind) (1u << kind)
#define WRITING (BIT(IO) | BIT(FULL) | BIT(QUOTA) | BIT(SHORT))
#define CHANGING (BIT(IO) | BIT(READONLY))
#define FAIL_IF(error, result) do { int e = (error); if (e) { errno = e; return result; } } while (0)

static int opened(int fd, const char *path) {
  if (control && fd >= 0 && fd < 4096) {
    /* A name that is let go may be in use on another thread; there are few. */
    names[fd] = is_counted(path) ? strdup(path) : NULL;
  }
  return fd;
}

static int open_fault(const char *path, int flags) {
  if (!is_counted(path)) return 0;
  unsigned kinds = BIT(IO);
  if (flags & (O_WRONLY | O_RDWR)) kinds |= BIT(READONLY);
  if (flags & O_CREAT && access(path, F_OK) != 0) kinds |= BIT(FULL) | BIT(QUOTA);
  return fault("open", path, kinds);
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    FAIL_IF(open_fault(path, flags), -1); \
    return opened(REAL(name)(path, flags, mode), path); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (control && fd >= 0 && fd < 4096) names[fd] = NULL;
  return REAL(close)(fd);
}

#define READ(name, offset) \
  ssize_t name(int fd, void *to, size_t size, offset at) { \
    FAIL_IF(fault("read", name_of(fd), BIT(IO)), -1); \
    return REAL(name)(fd, to, size, at); \
  }
READ(pread, off_t)
READ(pread64, off64_t)

ssize_t read(int fd, void *to, size_t size) {
  FAIL_IF(fault("read", name_of(fd), BIT(IO)), -1);
  return REAL(read)(fd, to, size);
}

#define WRITE(name, offset) \
  ssize_t name(int fd, const void *from, size_t size, offset at) { \
    int error = fault("write", name_of(fd), WRITING); \
    if (error == -1) return REAL(name)(fd, from, size / 2, at); \
    FAIL_IF(error, -1); \
    return REAL(name)(fd, from, size, at); \
  }
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *from, size_t size) {
  int error = fault("write", name_of(fd), WRITING);
  if (error == -1) return REAL(write)(fd, from, size / 2);
  FAIL_IF(error, -1);
  return REAL(write)(fd, from, size);
}

int fsync(int fd) {
  FAIL_IF(fault("fsync", name_of(fd), BIT(IO) | BIT(FULL) | BIT(QUOTA)), -1);
  return REAL(fsync)(fd);
}

int fdatasync(int fd) {
  FAIL_IF(fault("fdatasync", name_of(fd), BIT(IO) | BIT(FULL) | BIT(QUOTA)), -1);
  return REAL(fdatasync)(fd);
}

#define TRUNCATE(name, offset) \
  int name(int fd, offset size) { \
    FAIL_IF(fault("ftruncate", name_of(fd), CHANGING | BIT(FULL)), -1); \
    return REAL(name)(fd, size); \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int rename(const char *from, const char *to) {
  if (is_counted(from)) FAIL_IF(fault("rename", from, CHANGING | BIT(FULL)), -1);
  return REAL(rename)(from, to);
}

int unlink(const char *path) {
  if (is_counted(path)) FAIL_IF(fault("unlink", path, CHANGING), -1);
  return REAL(unlink)(path);
}

#define MAP(name, offset) \
  void *name(void *at, size_t size, int protection, int flags, int fd, offset from) { \
    if (fd >= 0) FAIL_IF(fault("mmap", name_of(fd), BIT(IO)), MAP_FAILED); \
    return REAL(name)(at, size, protection, flags, fd, from); \
  }
MAP(mmap, off_t)
MAP(mmap64, off64_t)
