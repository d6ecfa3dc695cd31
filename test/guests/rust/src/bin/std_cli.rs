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
        ["files", at] => use_files(std::path::Path::new(at)),
        ["files"] => println!(
            "{:?} {:?}",
            std::fs::read("/etc/hostname").map_err(|error| error.kind()),
            std::fs::read_dir(".").map(|_| ()).map_err(|error| error.kind())
        ),
        _ => tell(&args),
    }
}

/// What programs do with files, below the folder `at`.
fn use_files(at: &std::path::Path) {
    use std::fs;
    use std::io::{Seek, SeekFrom, Write};
    let path = at.join("rust.txt");
    if let Err(error) = fs::write(&path, "hello\n") {
        println!("write {:?}", error.kind());
        println!("read {:?}", fs::read_to_string(&path).map_err(|error| error.kind()));
        return;
    }
    let mut file = fs::OpenOptions::new().append(true).open(&path).expect("to append");
    file.write_all(b"world\n").expect("to write");
    drop(file);
    println!("read {:?}", fs::read_to_string(&path));
    let mut file = fs::OpenOptions::new().write(true).open(&path).expect("to write");
    file.seek(SeekFrom::Start(1)).expect("to seek");
    file.write_all(b"E").expect("to write");
    file.set_len(8).expect("to cut");
    file.sync_all().expect("to sync");
    println!("size {:?}", file.metadata().map(|facts| facts.len()));
    drop(file);
    fs::create_dir(at.join("sub")).expect("to make a folder");
    fs::rename(&path, at.join("sub/moved.txt")).expect("to rename");
    println!("read {:?}", fs::read_to_string(at.join("sub/moved.txt")));
    println!("out {:?}", fs::read(at.join("../etc/passwd")).map_err(|error| error.kind()));
    println!("copy {:?}", fs::copy(at.join("sub/moved.txt"), at.join("second")));
    let mut names: Vec<_> = fs::read_dir(at)
        .expect("to list")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    println!("entries {names:?}");
    fs::remove_dir_all(at.join("sub")).expect("to remove");
    fs::remove_file(at.join("second")).expect("to remove");
    println!("left {}", fs::read_dir(at).expect("to list").count());
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
