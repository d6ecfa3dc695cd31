//! A wstd handler that shows what a component may do: `/echo` streams, `/bind` and `/connect` try the network.
use wstd::http::{Body, Request, Response, Result};
use wstd::net::{TcpListener, TcpStream};

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>> {
    let address = request.uri().query().unwrap_or("127.0.0.1:7777").to_owned();
    Ok(Response::new(match request.uri().path() {
        "/echo" => request.into_body(),
        "/bind" => said(TcpListener::bind(&address).await).into(),
        "/connect" => said(TcpStream::connect(&address).await).into(),
        "/env" => std::env::vars()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect::<String>()
            .into(),
        "/panic" => panic!("as asked"),
        path => format!("nothing at {path}").into(),
    }))
}

fn said<T>(result: wstd::io::Result<T>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(error) => format!("error: {error}"),
    }
}
