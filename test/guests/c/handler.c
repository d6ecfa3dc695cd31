/* A test guest in C: a wasi:http handler that tells the request's path and the size of its body. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

static size_t body_size(wasi_http_types_borrow_incoming_request_t request) {
  wasi_http_types_own_incoming_body_t body;
  if (!wasi_http_types_method_incoming_request_consume(request, &body)) abort();
  wasi_http_types_own_input_stream_t stream;
  if (!wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(body), &stream)) abort();
  size_t size = 0;
  for (;;) {
    guest_list_u8_t bytes;
    wasi_io_streams_stream_error_t error;
    if (!wasi_io_streams_method_input_stream_blocking_read(wasi_io_streams_borrow_input_stream(stream), 65536, &bytes,
                                                           &error)) {
      /* Whoever breaks off must not look as if it had ended. */
      if (error.tag != WASI_IO_STREAMS_STREAM_ERROR_CLOSED) abort();
      break;
    }
    size += bytes.len;
    guest_list_u8_free(&bytes);
  }
  wasi_io_streams_input_stream_drop_own(stream);
  wasi_http_types_incoming_body_drop_own(body);
  return size;
}

void exports_wasi_http_incoming_handler_handle(exports_wasi_http_incoming_handler_own_incoming_request_t request,
                                               exports_wasi_http_incoming_handler_own_response_outparam_t out) {
  wasi_http_types_borrow_incoming_request_t borrowed = wasi_http_types_borrow_incoming_request(request);
  guest_string_t path;
  if (!wasi_http_types_method_incoming_request_path_with_query(borrowed, &path)) abort();
  char text[512];
  size_t size = body_size(borrowed);
  int length = snprintf(text, sizeof text, "C %.*s %zu\n", (int)(path.len < 256 ? path.len : 256), (char *)path.ptr, size);
  guest_string_free(&path);
  wasi_http_types_incoming_request_drop_own(request);

  wasi_http_types_own_outgoing_response_t response =
      wasi_http_types_constructor_outgoing_response(wasi_http_types_constructor_fields());
  wasi_http_types_own_outgoing_body_t body;
  if (!wasi_http_types_method_outgoing_response_body(wasi_http_types_borrow_outgoing_response(response), &body)) abort();
  wasi_http_types_result_own_outgoing_response_error_code_t result = {.is_err = false, .val.ok = response};
  wasi_http_types_static_response_outparam_set(out, &result);
  wasi_http_types_own_output_stream_t stream;
  if (!wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(body), &stream)) abort();
  guest_list_u8_t bytes = {(uint8_t *)text, (size_t)length};
  wasi_io_streams_stream_error_t error;
  if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(wasi_io_streams_borrow_output_stream(stream),
                                                                     &bytes, &error)) {
    abort();
  }
  wasi_io_streams_output_stream_drop_own(stream);
  wasi_http_types_error_code_t code;
  if (!wasi_http_types_static_outgoing_body_finish(body, NULL, &code)) abort();
}
