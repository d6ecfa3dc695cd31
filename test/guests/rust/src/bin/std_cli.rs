//! What std offers a command: arguments, environment, clocks, random keys, output, exit, panic.
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::Read;
use std::time::{Duration, Instant, SystemTime};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["exit", code] => std::process::exit(code.parse().expect("a number")),
        ["panic"] => panic!("as asked"),
        ["fail"] => std::process::abort(),
        ["stderr"] => eprintln!("to stderr"),
        ["long"] => (0..20_000).for_each(|number| println!("line {number}")),
        ["files"] => println!(
            "{:?} {:?}",
            std::fs::read("/etc/hostname").map_err(|error| error.kind()),
            std::fs::read_dir(".").map(|_| ()).map_err(|error| error.kind())
        ),
        _ => tell(&args),
    }
}

fn tell(args: &[String]) {
    println!("args {args:?}");
    println!("NAME {:?}", std::env::var("NAME"));
    let before = Instant::now();
    std::thread::sleep(Duration::from_millis(20));
    println!("slept {}", before.elapsed() >= Duration::from_millis(20));
    println!(
        "after 2020 {}",
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .is_ok_and(|time| time.as_secs() > 1_577_836_800)
    );
    println!(
        "random differs {}",
        RandomState::new().hash_one(1) != RandomState::new().hash_one(2)
    );
    let mut input = String::new();
    println!("stdin {:?} {input:?}", std::io::stdin().read_to_string(&mut input));
}
