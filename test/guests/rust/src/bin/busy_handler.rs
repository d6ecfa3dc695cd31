//! A wstd handler for limits and benches: `/spin` computes for ever, `/work` for a while, `/fetch?<url>` passes an answer on.
use wstd::http::{Body, Client, Request, Response, Result};

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>> {
    let query = request.uri().query().unwrap_or("").to_owned();
    Ok(match request.uri().path() {
        "/spin" => Response::new(sum(u64::MAX).to_string().into()),
        "/work" => Response::new(sum(query.parse().unwrap_or(1_000_000)).to_string().into()),
        "/fetch" => {
            let asked = Request::get(query).body(Body::empty())?;
            Response::new(Client::new().send(asked).await?.into_body())
        }
        path => Response::new(format!("nothing at {path}").into()),
    })
}

/// Not foldable: each step needs the last one.
fn sum(rounds: u64) -> u64 {
    let mut value = 1u64;
    for round in 0..rounds {
        value = value.rotate_left(5) ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    value
}
