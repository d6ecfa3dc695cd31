/* A test guest in C: arguments, environment, clocks, random, memory, output, exit; and what it may not do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "exit") == 0) return atoi(argv[2]);
  if (argc == 2 && strcmp(argv[1], "abort") == 0) abort();
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
