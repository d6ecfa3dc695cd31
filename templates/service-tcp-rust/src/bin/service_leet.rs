//! The service: answers each line with its leet form, for many clients at once.
use wstd::io::{self, AsyncRead, AsyncWrite};
use wstd::iter::AsyncIterator;
use wstd::net::{TcpListener, TcpStream};

const LINE_BYTES_MAX: usize = 65_536;

#[wstd::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("0.0.0.0:7777").await?;
    let mut incoming = listener.incoming();
    while let Some(client) = incoming.next().await {
        match client {
            // A client that goes away in the middle is nothing to report.
            Ok(client) => wstd::runtime::spawn(async move { answer_lines(client).await.unwrap_or(()) }).detach(),
            Err(error) => eprintln!("Cannot accept: {error}"),
        }
    }
    Ok(())
}

async fn answer_lines(client: TcpStream) -> io::Result<()> {
    let (mut reader, mut writer) = client.split();
    let mut kept: Vec<u8> = Vec::new();
    let mut chunk = vec![0; 16_384];
    loop {
        let length = reader.read(&mut chunk).await?;
        if length == 0 {
            return writer.write_all(&leet(&kept)).await;
        }
        let mut answer = Vec::new();
        for part in chunk[..length].split_inclusive(|byte| *byte == b'\n') {
            kept.extend_from_slice(part);
            let is_whole = kept.last() == Some(&b'\n');
            if kept.len() - usize::from(is_whole) > LINE_BYTES_MAX {
                answer.extend_from_slice(format!("error: a line is longer than {LINE_BYTES_MAX} bytes\n").as_bytes());
                return writer.write_all(&answer).await;
            }
            if is_whole {
                answer.extend_from_slice(&leet(&kept));
                kept.clear();
            }
        }
        writer.write_all(&answer).await?;
    }
}

fn leet(line: &[u8]) -> Vec<u8> {
    line.iter()
        .map(|byte| match byte.to_ascii_lowercase() {
            b'a' => b'4',
            b'e' => b'3',
            b'i' | b'l' => b'1',
            b'o' => b'0',
            b's' => b'5',
            b't' => b'7',
            _ => *byte,
        })
        .collect()
}
