/* A test guest in C: arguments, environment, clocks, random, memory, output, exit; and what it may not do. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static const char *told(int result) { return result == 0 ? "ok" : strerror(errno); }

/* What a program does with files, below the folder `at`; each line says what came of it. */
static int use_files(const char *at) {
  char path[256], other[256], text[64];
  snprintf(path, sizeof path, "%s/c.txt", at);
  FILE *file = fopen(path, "w+");
  if (file == NULL) {
    printf("create %s\n", strerror(errno));
    file = fopen(path, "r");
    printf("open %s\n", file == NULL ? strerror(errno) : "ok");
    return 1;
  }
  fputs("hello\n", file);
  fseek(file, 1, SEEK_SET);
  fputc('E', file);
  fclose(file);
  file = fopen(path, "a");
  fputs("world\n", file);
  fclose(file);
  file = fopen(path, "r");
  size_t length = fread(text, 1, sizeof text, file);
  fclose(file);
  printf("read %.*s", (int)length, text);
  struct stat facts;
  printf("stat %s", told(stat(path, &facts)));
  printf(" %lld\n", (long long)facts.st_size);
  printf("truncate %s\n", told(truncate(path, 3)));
  snprintf(other, sizeof other, "%s/sub", at);
  printf("mkdir %s\n", told(mkdir(other, 0777)));
  snprintf(other, sizeof other, "%s/sub/moved.txt", at);
  printf("rename %s\n", told(rename(path, other)));
  snprintf(path, sizeof path, "%s/link", at);
  printf("symlink %s\n", told(symlink("sub/moved.txt", path)));
  ssize_t size = readlink(path, text, sizeof text);
  printf("readlink %.*s\n", (int)(size < 0 ? 0 : size), text);
  snprintf(path, sizeof path, "%s/evil", at);
  printf("symlink out %s\n", told(symlink("../../../etc/passwd", path)));
  snprintf(path, sizeof path, "%s/../etc/passwd", at);
  printf("out %s\n", fopen(path, "r") == NULL ? strerror(errno) : "ok");
  snprintf(path, sizeof path, "%s/link", at);
  snprintf(other, sizeof other, "%s/hard", at);
  printf("link %s\n", told(link(path, other)));
  unlink(other);
  DIR *directory = opendir(at);
  int count = 0;
  for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] != '.') count++;
  }
  closedir(directory);
  printf("entries %d\n", count);
  int fd = open(path, O_RDONLY);
  printf("sync %s\n", told(fsync(fd)));
  close(fd);
  snprintf(other, sizeof other, "%s/sub/moved.txt", at);
  printf("unlink %s %s\n", told(unlink(path)), told(unlink(other)));
  snprintf(other, sizeof other, "%s/sub", at);
  printf("rmdir %s\n", told(rmdir(other)));
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "exit") == 0) return atoi(argv[2]);
  if (argc == 2 && strcmp(argv[1], "abort") == 0) abort();
  if (argc == 3 && strcmp(argv[1], "files") == 0) return use_files(argv[2]);
  printf("args");
  for (int i = 1; i < argc; i++) printf(" [%s]", argv[i]);
  const char *name = getenv("NAME");
  printf("\nNAME %s\n", name == NULL ? "(none)" : name);

  long long before = now_ns(CLOCK_MONOTONIC);
  struct timespec delay = {0, 20 * 1000 * 1000};
  nanosleep(&delay, NULL);
  printf("slept %d\n", now_ns(CLOCK_MONOTONIC) - before >= delay.tv_nsec);
  printf("after 2020 %d\n", now_ns(CLOCK_REALTIME) > 1577836800LL * 1000000000LL);

  unsigned char random[32] = {0};
  int sum = 0;
  int failed = getentropy(random, sizeof random);
  for (size_t i = 0; i < sizeof random; i++) sum += random[i];
  printf("random %d\n", failed == 0 && sum > 0);

  char *large = malloc(8 << 20);
  memset(large, 'x', 8 << 20);
  printf("memory %d\n", large[(8 << 20) - 1] == 'x');
  free(large);

  FILE *file = fopen("/etc/hostname", "r");
  printf("file %d\n", file == NULL && errno != 0);
  printf("stdin %d\n", getchar() == EOF);
  fprintf(stderr, "to stderr\n");
  return 0;
}
