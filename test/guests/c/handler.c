/* A test guest in C: a wasi:http handler that tells the request's path and the size of its body. It names the functions of
   WASI itself, as the canonical ABI has them; each result is written where the last argument points. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define WASI(face, function) __attribute__((import_module("wasi:" face "@0.2.12"), import_name(function)))

typedef int32_t handle;
typedef struct { bool is_some; char *text; size_t length; } option_string;
typedef struct { bool is_err; handle value; } result_handle;
typedef struct { bool is_err; union { struct { uint8_t *bytes; size_t length; }; uint8_t error; }; } result_bytes;
typedef struct { bool is_err; uint64_t error[4]; } result_none;
static const uint8_t CLOSED = 1;

WASI("http/types", "[method]incoming-request.path-with-query") void path_with_query(handle, option_string *);
WASI("http/types", "[method]incoming-request.consume") void consume(handle, result_handle *);
WASI("http/types", "[resource-drop]incoming-request") void drop_request(handle);
WASI("http/types", "[method]incoming-body.stream") void body_stream(handle, result_handle *);
WASI("http/types", "[resource-drop]incoming-body") void drop_body(handle);
WASI("http/types", "[constructor]fields") handle new_fields(void);
WASI("http/types", "[constructor]outgoing-response") handle new_response(handle headers);
WASI("http/types", "[method]outgoing-response.body") void response_body(handle, result_handle *);
WASI("http/types", "[static]response-outparam.set")
void set_response(handle out, int32_t is_err, handle response, int32_t, int64_t, int32_t, int32_t, int32_t, int32_t);
WASI("http/types", "[method]outgoing-body.write") void body_sink(handle, result_handle *);
WASI("http/types", "[static]outgoing-body.finish")
void finish(handle, int32_t has_trailers, handle trailers, result_none *);
WASI("io/streams", "[method]input-stream.blocking-read") void read_some(handle, int64_t most, result_bytes *);
WASI("io/streams", "[resource-drop]input-stream") void drop_source(handle);
WASI("io/streams", "[method]output-stream.blocking-write-and-flush")
void write_all(handle, const char *bytes, size_t length, result_none *);
WASI("io/streams", "[resource-drop]output-stream") void drop_sink(handle);

/* Where the host puts what a function gives that has no fixed size. */
__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t was, size_t align,
                                                                     size_t size) {
  void *block = realloc(old, size);
  if (block == NULL) abort();
  return block;
}

static handle handle_of(void (*call)(handle, result_handle *), handle of) {
  result_handle result;
  call(of, &result);
  if (result.is_err) abort();
  return result.value;
}

static size_t body_size(handle request) {
  handle body = handle_of(consume, request);
  handle source = handle_of(body_stream, body);
  size_t size = 0;
  for (;;) {
    result_bytes result;
    read_some(source, 65536, &result);
    if (result.is_err) {
      /* Whoever breaks off must not look as if it had ended. */
      if (result.error != CLOSED) abort();
      break;
    }
    size += result.length;
    free(result.bytes);
  }
  drop_source(source);
  drop_body(body);
  return size;
}

__attribute__((export_name("wasi:http/incoming-handler@0.2.12#handle"))) void handle_request(handle request, handle out) {
  option_string path;
  path_with_query(request, &path);
  if (!path.is_some) abort();
  char text[512];
  size_t size = body_size(request);
  int length = snprintf(text, sizeof text, "C %.*s %zu\n", (int)(path.length < 256 ? path.length : 256), path.text, size);
  free(path.text);
  drop_request(request);

  handle response = new_response(new_fields());
  handle body = handle_of(response_body, response);
  set_response(out, false, response, 0, 0, 0, 0, 0, 0);
  handle sink = handle_of(body_sink, body);
  result_none result;
  write_all(sink, text, (size_t)length, &result);
  if (result.is_err) abort();
  drop_sink(sink);
  finish(body, false, 0, &result);
  if (result.is_err) abort();
}
