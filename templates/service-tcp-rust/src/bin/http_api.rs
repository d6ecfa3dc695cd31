//! The handler: a page, and `POST /task` answered by the service on the workload's own loopback.
use wstd::future::FutureExt;
use wstd::http::{Body, Method, Request, Response, Result};
use wstd::io::{self, AsyncRead, AsyncWrite};
use wstd::net::TcpStream;
use wstd::time::Duration;

const BODY_BYTES_MAX: usize = 65_536;
const PAGE: &str = "<!doctype html><title>service-tcp</title><form></form>";

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>> {
    match (request.uri().path(), request.method()) {
        ("/", &Method::GET) => answer(200, "text/html; charset=utf-8", PAGE),
        ("/", _) => not_allowed("GET"),
        ("/task", &Method::POST) => task(request.into_body()).await,
        ("/task", _) => not_allowed("POST"),
        _ => text(404, "Not found"),
    }
}

async fn task(mut body: Body) -> Result<Response<Body>> {
    let bytes = body.contents().await?;
    if bytes.len() > BODY_BYTES_MAX {
        return text(413, format!("The body is larger than {BODY_BYTES_MAX} bytes"));
    }
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return text(400, "The body is not JSON");
    };
    let Some(payload) = value.get("payload").and_then(|payload| payload.as_str()) else {
        return text(
            400,
            "The body has no text \"payload\", expected {\"payload\": \"text\"}",
        );
    };
    match ask_service(format!("{payload}\n").as_bytes())
        .timeout(Duration::from_secs(5))
        .await
    {
        Ok(Ok(reply)) => text(200, reply),
        Ok(Err(_)) => text(502, "The service cannot be reached"),
        Err(_) => text(504, "The service did not answer in time"),
    }
}

/// Sends whole lines and collects as many as were sent, without the last newline.
async fn ask_service(lines: &[u8]) -> io::Result<Vec<u8>> {
    let mut service = TcpStream::connect("127.0.0.1:7777").await?;
    service.write_all(lines).await?;
    let expected = newlines_in(lines);
    let mut reply = Vec::new();
    let mut chunk = vec![0; 16_384];
    while newlines_in(&reply) < expected {
        match service.read(&mut chunk).await? {
            0 => return Err(io::Error::other("the service ended the connection")),
            length => reply.extend_from_slice(&chunk[..length]),
        }
    }
    reply.pop();
    Ok(reply)
}

fn newlines_in(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

fn not_allowed(allow: &str) -> Result<Response<Body>> {
    Ok(Response::builder()
        .status(405)
        .header("allow", allow)
        .body("Method not allowed".into())?)
}

fn text(status: u16, body: impl Into<Body>) -> Result<Response<Body>> {
    answer(status, "text/plain; charset=utf-8", body)
}

fn answer(status: u16, content_type: &str, body: impl Into<Body>) -> Result<Response<Body>> {
    Ok(Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(body.into())?)
}
