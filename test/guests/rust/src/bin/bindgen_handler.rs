//! A handler on bindings that wit-bindgen makes: tells the request's head, and splices its body and trailers into the answer.
wit_bindgen::generate!({
    path: "../../../.cache/guest_wit",
    world: "guest",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use wasi::http::types::{Fields, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

struct Handler;
export!(Handler);

impl Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let head = head_of(&request);
        let headers = Fields::from_list(&[("x-made-by".into(), b"wit-bindgen".to_vec())]).expect("valid headers");
        let response = OutgoingResponse::new(headers);
        response.set_status_code(200).expect("a status");
        let body = response.body().expect("the first time");
        let incoming = request.consume().expect("the first time");
        ResponseOutparam::set(out, Ok(response));
        {
            let sink = body.write().expect("the first time");
            sink.blocking_write_and_flush(head.as_bytes()).expect("the head");
            let source = incoming.stream().expect("the first time");
            pour(&source, &sink).expect("the body");
        }
        let trailers = IncomingBody::finish(incoming);
        trailers.subscribe().block();
        let trailers = trailers.get().and_then(Result::ok).and_then(Result::ok).flatten();
        OutgoingBody::finish(body, trailers).expect("the end");
    }
}

fn head_of(request: &IncomingRequest) -> String {
    let mut names: Vec<String> = request.headers().entries().into_iter().map(|(name, _)| name).collect();
    names.sort();
    let path = request.path_with_query();
    format!(
        "{:?} {path:?} {:?} {}\n",
        request.method(),
        request.scheme(),
        names.join(",")
    )
}

fn pour(source: &InputStream, sink: &OutputStream) -> Result<(), StreamError> {
    loop {
        match sink.blocking_splice(source, 65_536) {
            Ok(_) => {}
            Err(StreamError::Closed) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

// A binary, so that it links like every other guest; nobody runs it.
fn main() {
    unreachable!("a handler has no main");
}
