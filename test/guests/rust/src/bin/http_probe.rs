//! A wstd handler that shows what a component may do: `/echo` streams, `/bind`, `/connect` and `/fetch` try the network,
//! `/add?path` adds a line to a file and shows it, `/fill?path` writes until nothing more fits, `/names?path` lists.
use wstd::http::{Body, Client, Request, Response, Result};
use wstd::net::{TcpListener, TcpStream};

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>> {
    let address = request.uri().query().unwrap_or("127.0.0.1:7777").to_owned();
    Ok(Response::new(match request.uri().path() {
        "/echo" => request.into_body(),
        "/bind" => said(TcpListener::bind(&address).await).into(),
        "/connect" => said(TcpStream::connect(&address).await).into(),
        "/fetch" => {
            let target = Request::get(format!("http://{address}/")).body(Body::empty())?;
            Client::new().send(target).await?.into_body()
        }
        "/add" => shown(add_line(&address)).into(),
        "/fill" => shown(fill(&address)).into(),
        "/names" => shown(names(&address)).into(),
        "/env" => std::env::vars()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect::<String>()
            .into(),
        "/panic" => panic!("as asked"),
        path => format!("nothing at {path}").into(),
    }))
}

fn add_line(path: &str) -> std::io::Result<String> {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(b"line\n")?;
    std::fs::read_to_string(path)
}

fn fill(path: &str) -> std::io::Result<String> {
    use std::io::Write;
    let mut file = std::fs::File::create(path)?;
    let piece = vec![b'x'; 16384];
    let mut written = 0;
    while written < 1 << 30 {
        match file.write(&piece) {
            Ok(count) => written += count,
            Err(error) => return Ok(format!("{written} {:?}", error.kind())),
        }
    }
    Ok("too much".into())
}

fn names(path: &str) -> std::io::Result<String> {
    let mut names = std::fs::read_dir(path)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<std::io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names.join(" "))
}

fn shown(result: std::io::Result<String>) -> String {
    result.unwrap_or_else(|error| format!("error: {:?}", error.kind()))
}

fn said<T>(result: wstd::io::Result<T>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(error) => format!("error: {error}"),
    }
}
