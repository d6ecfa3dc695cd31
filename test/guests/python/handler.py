"""A test guest in Python: a wasi:http handler that tells the request's method, path and body size."""

from componentize_py_types import Ok
from wit_world import exports
from wit_world.imports.types import Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam
from wit_world.imports.streams import StreamError_Closed
from componentize_py_types import Err


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        size = body_size(request)
        text = f"{type(request.method()).__name__} {request.path_with_query()} {size}\n".encode()
        response = OutgoingResponse(Fields.from_list([("content-type", b"text/plain")]))
        body = response.body()
        ResponseOutparam.set(response_out, Ok(response))
        with body.write() as sink:
            sink.blocking_write_and_flush(text)
        OutgoingBody.finish(body, None)


def body_size(request: IncomingRequest) -> int:
    size = 0
    with request.consume() as body, body.stream() as source:
        while True:
            try:
                size += len(source.blocking_read(65536))
            except Err as error:
                if isinstance(error.value, StreamError_Closed):
                    return size
                raise
