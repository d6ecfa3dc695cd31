//! Rust's own `std::net` over wasi:sockets: a listener and its client in one thread. A connect is done once it is queued,
//! before the accept, so nothing here waits for itself.
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut client = TcpStream::connect(address)?;
    let (mut served, peer) = listener.accept()?;
    println!("peer {}", peer.ip());
    client.write_all(b"hello std::net")?;
    client.shutdown(Shutdown::Write)?;
    let mut heard = String::new();
    served.read_to_string(&mut heard)?;
    println!("heard {heard}");
    drop((client, served));
    match TcpListener::bind(address) {
        Err(error) => println!("second bind {:?}", error.kind()),
        Ok(_) => println!("second bind worked"),
    }
    drop(listener);
    match TcpStream::connect(address) {
        Err(error) => println!("nobody {:?}", error.kind()),
        Ok(_) => println!("somebody"),
    }
    Ok(())
}
