// Compute that people write, as a module without imports: each export takes a size and gives a checksum, so that the
// three variants of `instrument.ts` can be compared, in time and in what they compute.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(#name))) u32 name(u32 n)

static u8 input[16 << 20];
static u8 output[16 << 20];

void *memcpy(void *to, const void *from, unsigned long n) {
  for (unsigned long i = 0; i < n; i++) ((u8 *)to)[i] = ((const u8 *)from)[i];
  return to;
}

static u32 next_random(u32 *state) {
  u32 x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

static double square_root(double x) { return __builtin_sqrt(x); }

// ---- SHA-256 of n bytes
static const u32 K[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static u32 rotate(u32 x, int by) { return (x >> by) | (x << (32 - by)); }

__attribute__((noinline)) static void sha_block(u32 h[8], const u8 *p) {
  u32 w[64];
  for (int i = 0; i < 16; i++) w[i] = (u32)p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 | p[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    u32 a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)) + w[i - 7] + (rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10));
  }
  u32 s[8];
  for (int i = 0; i < 8; i++) s[i] = h[i];
  for (int i = 0; i < 64; i++) {
    u32 e = s[4], a = s[0];
    u32 t1 = s[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & s[5]) ^ (~e & s[6])) + K[i] + w[i];
    u32 t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
    s[7] = s[6]; s[6] = s[5]; s[5] = e; s[4] = s[3] + t1; s[3] = s[2]; s[2] = s[1]; s[1] = a; s[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h[i] += s[i];
}

EXPORT(sha256) {
  u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  for (u32 at = 0; at + 64 <= n; at += 64) sha_block(h, input + (at & 0xfffff));
  return h[0];
}

// ---- n steps of five planets
typedef struct { double x, y, z, vx, vy, vz, mass; } body;
EXPORT(nbody) {
  static body b[5];
  u32 r = 7;
  for (int i = 0; i < 5; i++) {
    double *d = &b[i].x;
    for (int j = 0; j < 7; j++) d[j] = (next_random(&r) >> 8) / 16777216.0 + 0.1 * i;
  }
  for (; n > 0; n--) {
    for (int i = 0; i < 5; i++)
      for (int j = i + 1; j < 5; j++) {
        double dx = b[i].x - b[j].x, dy = b[i].y - b[j].y, dz = b[i].z - b[j].z;
        double d2 = dx * dx + dy * dy + dz * dz, mag = 0.001 / (d2 * square_root(d2));
        b[i].vx -= dx * b[j].mass * mag; b[i].vy -= dy * b[j].mass * mag; b[i].vz -= dz * b[j].mass * mag;
        b[j].vx += dx * b[i].mass * mag; b[j].vy += dy * b[i].mass * mag; b[j].vz += dz * b[i].mass * mag;
      }
    for (int i = 0; i < 5; i++) { b[i].x += 0.001 * b[i].vx; b[i].y += 0.001 * b[i].vy; b[i].z += 0.001 * b[i].vz; }
  }
  return (u32)(int)(b[0].x * 1e3);
}

// ---- spectral norm of an n x n matrix
static double u[4096], v[4096], t[4096];
static double entry(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }
static void times(double *to, const double *from, int n, int is_transposed) {
  for (int i = 0; i < n; i++) {
    double sum = 0;
    for (int j = 0; j < n; j++) sum += (is_transposed ? entry(j, i) : entry(i, j)) * from[j];
    to[i] = sum;
  }
}
EXPORT(spectral_norm) {
  for (u32 i = 0; i < n; i++) u[i] = 1;
  for (int i = 0; i < 4; i++) { times(t, u, n, 0); times(v, t, n, 1); times(t, v, n, 0); times(u, t, n, 1); }
  double uv = 0, vv = 0;
  for (u32 i = 0; i < n; i++) { uv += u[i] * v[i]; vv += v[i] * v[i]; }
  return (u32)(1e6 * square_root(uv / vv));
}

// ---- quicksort of n numbers, compared through a function pointer as in C's library
typedef int (*order)(const void *, const void *);
static int ascending(const void *a, const void *b) { u32 x = *(const u32 *)a, y = *(const u32 *)b; return (x > y) - (x < y); }
static int descending(const void *a, const void *b) { return ascending(b, a); }
static void exchange(u32 *a, u32 *b) { u32 c = *a; *a = *b; *b = c; }
static void quicksort(u32 *a, int n, order compare) {
  while (n > 8) {
    u32 pivot = a[n / 2];
    int i = 0, j = n - 1;
    while (i <= j) {
      while (compare(a + i, &pivot) < 0) i++;
      while (compare(a + j, &pivot) > 0) j--;
      if (i <= j) exchange(a + i++, a + j--);
    }
    if (j + 1 < n - i) { quicksort(a, j + 1, compare); a += i; n -= i; }
    else { quicksort(a + i, n - i, compare); n = j + 1; }
  }
  for (int i = 1; i < n; i++) for (int j = i; j > 0 && compare(a + j - 1, a + j) > 0; j--) exchange(a + j, a + j - 1);
}
static volatile order orders[2] = {ascending, descending};
EXPORT(quicksort_indirect) {
  u32 *a = (u32 *)output, r = 1, sum = 0;
  for (u32 i = 0; i < n; i++) a[i] = next_random(&r);
  quicksort(a, n, orders[n & 1]);
  for (u32 i = 0; i < n; i += 997) sum = sum * 31 + a[i];
  return sum;
}

// ---- Mandelbrot set of n x n points
EXPORT(mandelbrot) {
  u32 inside = 0;
  for (u32 py = 0; py < n; py++)
    for (u32 px = 0; px < n; px++) {
      double cx = 3.0 * px / n - 2, cy = 2.0 * py / n - 1, x = 0, y = 0;
      int i = 0;
      for (; i < 100 && x * x + y * y <= 4; i++) { double xx = x * x - y * y + cx; y = 2 * x * y + cy; x = xx; }
      inside += i == 100;
    }
  return inside;
}

// ---- base64 of n bytes and back
EXPORT(base64) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static u8 values[256];
  u32 r = 3, sum = 0, o = 0;
  for (int i = 0; i < 64; i++) values[(u8)digits[i]] = i;
  for (u32 i = 0; i < n; i += 4) *(u32 *)(input + i) = next_random(&r);
  for (u32 i = 0; i + 2 < n; i += 3, o += 4) {
    u32 w = input[i] << 16 | input[i + 1] << 8 | input[i + 2];
    output[o] = digits[w >> 18]; output[o + 1] = digits[w >> 12 & 63]; output[o + 2] = digits[w >> 6 & 63]; output[o + 3] = digits[w & 63];
  }
  for (u32 i = 0; i < o; i += 4) {
    u32 w = values[output[i]] << 18 | values[output[i + 1]] << 12 | values[output[i + 2]] << 6 | values[output[i + 3]];
    input[i / 4 * 3] = w >> 16; input[i / 4 * 3 + 1] = w >> 8; input[i / 4 * 3 + 2] = w;
  }
  for (u32 i = 0; i < n; i += 101) sum = sum * 31 + input[i];
  return sum;
}

// ---- LZ77 with a hash table, n bytes, and back
EXPORT(lz) {
  static u32 heads[1 << 14];
  u32 r = 5, o = 0;
  for (u32 i = 0; i < n; i++) input[i] = i > 64 && (i & 31) > 5 ? input[i - 37 - (i >> 9 & 15)] : "etaoin shrdlu{}:"[next_random(&r) >> 28];
  for (u32 i = 0; i < 1 << 14; i++) heads[i] = 0;
  for (u32 i = 0; i + 4 < n;) {
    u32 word = *(u32 *)(input + i), h = word * 2654435761u >> 18, c = heads[h], length = 0;
    heads[h] = i;
    if (i - c < 65535 && c > 0) while (length < 255 && i + length < n && input[c + length] == input[i + length]) length++;
    if (length < 4) { output[o++] = 0; output[o++] = input[i++]; continue; }
    output[o++] = length; output[o++] = (i - c) >> 8; output[o++] = i - c;
    i += length;
  }
  u32 at = 0, sum = 0;
  for (u32 i = 0; i < o;) {
    u32 length = output[i++];
    if (length == 0) { input[at++] = output[i++]; continue; }
    u32 distance = output[i] << 8 | output[i + 1];
    i += 2;
    for (; length > 0; length--, at++) input[at] = input[at - distance];
  }
  for (u32 i = 0; i < at; i++) sum = sum * 31 + input[i];
  return sum;
}

// ---- a JSON text of n bytes into a tree, and the tree summed up
typedef struct node { u32 kind; struct node *next, *child; double number; const u8 *text; u32 length; } node;
static node *heap, *heap_end;
static const u8 *cursor;
static node *parse_value(void);
static void skip_space(void) { while (*cursor == ' ' || *cursor == '\n') cursor++; }
static node *new_node(u32 kind) {
  if (heap == heap_end) __builtin_trap();
  heap->kind = kind; heap->next = heap->child = 0;
  return heap++;
}
static node *parse_string(void) {
  node *s = new_node(3);
  s->text = ++cursor;
  while (*cursor != '"') cursor += *cursor == '\\' ? 2 : 1;
  s->length = cursor++ - s->text;
  return s;
}
static node *parse_list(u32 kind, u8 close) {
  node *list = new_node(kind), **link = &list->child;
  cursor++;
  for (skip_space(); *cursor != close; skip_space()) {
    if (kind == 2) { node *key = parse_string(); *link = key; link = &key->next; skip_space(); cursor++; }
    node *value = parse_value();
    *link = value; link = &value->next;
    skip_space();
    if (*cursor == ',') cursor++;
  }
  cursor++;
  return list;
}
static node *parse_value(void) {
  skip_space();
  switch (*cursor) {
    case '[': return parse_list(1, ']');
    case '{': return parse_list(2, '}');
    case '"': return parse_string();
    case 't': cursor += 4; return new_node(5);
    default: {
      node *number = new_node(4);
      double value = 0, scale = 1;
      int is_fraction = 0;
      for (; (*cursor >= '0' && *cursor <= '9') || *cursor == '.'; cursor++) {
        if (*cursor == '.') { is_fraction = 1; continue; }
        value = value * 10 + (*cursor - '0');
        if (is_fraction) scale *= 10;
      }
      number->number = value / scale;
      return number;
    }
  }
}
static u32 sum_up(const node *tree) {
  u32 sum = tree->kind;
  if (tree->kind == 4) sum += (u32)tree->number;
  if (tree->kind == 3) for (u32 i = 0; i < tree->length; i++) sum = sum * 33 + tree->text[i];
  for (const node *child = tree->child; child; child = child->next) sum = sum * 31 + sum_up(child);
  return sum;
}
EXPORT(json) {
  static const char item[] = "{\"id\": 1234567, \"name\": \"Ada \\\"L\\\" Lovelace\", \"tags\": [\"a\", \"bc\", \"def\"], \"at\": {\"x\": 12.375, \"y\": 0.5}, \"ok\": true},\n";
  u32 at = 0;
  input[at++] = '[';
  while (at + sizeof item < n) for (u32 i = 0; i < sizeof item - 1; i++) input[at++] = item[i];
  input[at++] = ']';
  heap = (node *)output; heap_end = (node *)(output + sizeof output) - 1;
  cursor = input;
  return sum_up(parse_value());
}

// ---- the n-th Fibonacci number by recursion: nothing but calls
EXPORT(fib) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

// ---- primes below n, a byte each
EXPORT(sieve) {
  u32 count = 0;
  for (u32 i = 0; i < n; i++) output[i] = 1;
  for (u32 i = 2; i < n; i++) if (output[i]) { count++; for (u32 j = 2 * i; j < n; j += i) output[j] = 0; }
  return count;
}

// ---- insertion sort of n numbers: a loop of two cycles
EXPORT(insertion_sort) {
  u32 *a = (u32 *)output, r = 1;
  for (u32 i = 0; i < n; i++) a[i] = next_random(&r);
  for (u32 i = 1; i < n; i++) { u32 x = a[i], j = i; for (; j > 0 && a[j - 1] > x; j--) a[j] = a[j - 1]; a[j] = x; }
  return a[n / 2];
}

// ---- n x n matrices multiplied
EXPORT(matrix) {
  double *a = (double *)input, *b = a + n * n, *c = (double *)output;
  for (u32 i = 0; i < 2 * n * n; i++) a[i] = i % 13;
  for (u32 i = 0; i < n; i++)
    for (u32 j = 0; j < n; j++) { double s = 0; for (u32 k = 0; k < n; k++) s += a[i * n + k] * b[k * n + j]; c[i * n + j] = s; }
  return (u32)c[n * n / 2];
}

// ---- an interpreter of a small stack machine: n rounds of its loop
EXPORT(interpreter) {
  static const u8 code[] = {0, 1, 5, 2, 3, 1, 7, 4, 6, 2, 3, 8};
  u32 stack[16], top = 0, acc = 1, rounds = n;
  for (u32 pc = 0;;) switch (code[pc++]) {
    case 0: top = 0; stack[top++] = acc; break;
    case 1: stack[top++] = code[pc++]; break;
    case 2: top--; stack[top - 1] += stack[top]; break;
    case 3: stack[top - 1] *= 2654435761u; break;
    case 4: stack[top - 1] ^= stack[top - 1] >> 13; break;
    case 6: stack[top++] = 3; break;
    case 8: acc = stack[top - 1]; if (--rounds == 0) return acc; pc = 0; break;
    default: __builtin_trap();
  }
}

// ---- xorshift: no memory
EXPORT(xorshift) { u32 r = 12345; while (n-- > 0) next_random(&r); return r; }
