//! Compute of Rust's standard library: each export takes a size and gives a checksum (see programs.c).
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

fn next_random(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

#[unsafe(no_mangle)]
pub extern "C" fn sort_unstable(n: u32) -> u32 {
    let mut r = 1;
    let mut numbers: Vec<u32> = (0..n).map(|_| next_random(&mut r)).collect();
    numbers.sort_unstable();
    numbers.iter().step_by(997).fold(0, |sum: u32, x| sum.wrapping_mul(31).wrapping_add(*x))
}

#[unsafe(no_mangle)]
pub extern "C" fn sort_strings(n: u32) -> u32 {
    let mut r = 1;
    let mut words: Vec<String> = (0..n).map(|_| format!("{:x}", next_random(&mut r))).collect();
    words.sort();
    words[words.len() / 2].bytes().fold(0, |sum: u32, x| sum.wrapping_mul(31).wrapping_add(x.into()))
}

#[unsafe(no_mangle)]
pub extern "C" fn hash_map(n: u32) -> u32 {
    let mut r = 1;
    let mut counts: HashMap<u32, u32> = HashMap::new();
    for _ in 0..n {
        *counts.entry(next_random(&mut r) % 50_000).or_default() += 1;
    }
    counts.values().copied().max().unwrap_or(0)
}

#[unsafe(no_mangle)]
pub extern "C" fn btree_map(n: u32) -> u32 {
    let mut r = 1;
    let mut map = BTreeMap::new();
    for i in 0..n {
        map.insert(next_random(&mut r) % 50_000, i);
    }
    map.values().fold(0, |sum: u32, x| sum.wrapping_mul(31).wrapping_add(*x))
}

#[unsafe(no_mangle)]
pub extern "C" fn format_numbers(n: u32) -> u32 {
    let mut r = 1;
    let mut text = String::new();
    for i in 0..n {
        let _ = writeln!(text, "{i} is {} or {:.3}", next_random(&mut r), f64::from(i) / 7.0);
    }
    text.bytes().fold(0, |sum: u32, x| sum.wrapping_mul(31).wrapping_add(x.into()))
}

#[unsafe(no_mangle)]
pub extern "C" fn text_words(n: u32) -> u32 {
    let mut r = 1;
    let mut text = String::new();
    while text.len() < n as usize {
        text.push_str(["größe", "the", "quick", "日本", "brown", "fox"][(next_random(&mut r) % 6) as usize]);
        text.push(' ');
    }
    let bytes = text.into_bytes();
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    let upper = text.to_uppercase();
    upper.chars().filter(|c| c.is_alphabetic()).count() as u32 + counts.len() as u32
}
