/** The functions of WASI 0.2 and their types as `funcText` writes them. Made by scripts/wit_signatures.ts. */

/** What `$0`, `$1` and so on stand for in a signature and in later parts. */
export const SIGNATURE_PARTS: readonly string[] = [
  "variant { last-operation-failed: own<wasi:io/error#error>, closed }",
  "record { seconds: u64, nanoseconds: u32 }",
  "enum { access, would-block, already, bad-descriptor, busy, deadlock, quota, exist, file-too-large, illegal-byte-sequence, in-progress, interrupted, invalid, io, is-directory, loop, too-many-links, message-size, name-too-long, no-device, no-entry, no-lock, insufficient-memory, insufficient-space, not-directory, not-empty, not-recoverable, unsupported, no-tty, no-such-device, overflow, not-permitted, pipe, read-only, invalid-seek, text-file-busy, cross-device }",
  "flags { read, write, file-integrity-sync, data-integrity-sync, requested-write-sync, mutate-directory }",
  "enum { unknown, block-device, character-device, directory, fifo, symbolic-link, regular-file, socket }",
  "variant { no-change, now, timestamp: $1 }",
  "record { type: $4, link-count: u64, size: u64, data-access-timestamp: option<$1>, data-modification-timestamp: option<$1>, status-change-timestamp: option<$1> }",
  "enum { unknown, access-denied, not-supported, invalid-argument, out-of-memory, timeout, concurrency-conflict, not-in-progress, would-block, invalid-state, new-socket-limit, address-not-bindable, address-in-use, remote-unreachable, connection-refused, connection-reset, connection-aborted, datagram-too-large, name-unresolvable, temporary-resolver-failure, permanent-resolver-failure }",
  "record { port: u16, address: tuple<u8, u8, u8, u8> }",
  "record { port: u16, flow-info: u32, address: tuple<u16, u16, u16, u16, u16, u16, u16, u16>, scope-id: u32 }",
  "variant { invalid-syntax, forbidden, immutable }",
  "variant { get, head, post, put, delete, connect, options, trace, patch, other: string }",
  "record { rcode: option<string>, info-code: option<u16> }",
  "record { alert-id: option<u8>, alert-message: option<string> }",
  "record { field-name: option<string>, field-size: option<u32> }",
  "variant { DNS-timeout, DNS-error: $12, destination-not-found, destination-unavailable, destination-IP-prohibited, destination-IP-unroutable, connection-refused, connection-terminated, connection-timeout, connection-read-timeout, connection-write-timeout, connection-limit-reached, TLS-protocol-error, TLS-certificate-error, TLS-alert-received: $13, HTTP-request-denied, HTTP-request-length-required, HTTP-request-body-size: option<u64>, HTTP-request-method-invalid, HTTP-request-URI-invalid, HTTP-request-URI-too-long, HTTP-request-header-section-size: option<u32>, HTTP-request-header-size: option<$14>, HTTP-request-trailer-section-size: option<u32>, HTTP-request-trailer-size: $14, HTTP-response-incomplete, HTTP-response-header-section-size: option<u32>, HTTP-response-header-size: $14, HTTP-response-body-size: option<u64>, HTTP-response-trailer-section-size: option<u32>, HTTP-response-trailer-size: $14, HTTP-response-transfer-coding: option<string>, HTTP-response-content-coding: option<string>, HTTP-response-timeout, HTTP-upgrade-failed, HTTP-protocol-error, loop-detected, configuration-error, internal-error: option<string> }",
];

/** By interface without version, and by function. */
export const WIT_SIGNATURES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "wasi:cli/environment": {
    "get-environment": "() -> list<tuple<string, string>>",
    "get-arguments": "() -> list<string>",
    "initial-cwd": "() -> option<string>",
  },
  "wasi:cli/exit": {
    "exit": "(result)",
    "exit-with-code": "(u8)",
  },
  "wasi:io/error": {
    "[method]error.to-debug-string": "(borrow<wasi:io/error#error>) -> string",
  },
  "wasi:io/poll": {
    "[method]pollable.ready": "(borrow<wasi:io/poll#pollable>) -> bool",
    "[method]pollable.block": "(borrow<wasi:io/poll#pollable>)",
    "poll": "(list<borrow<wasi:io/poll#pollable>>) -> list<u32>",
  },
  "wasi:io/streams": {
    "[method]input-stream.read": "(borrow<wasi:io/streams#input-stream>, u64) -> result<list<u8>, $0>",
    "[method]input-stream.blocking-read": "(borrow<wasi:io/streams#input-stream>, u64) -> result<list<u8>, $0>",
    "[method]input-stream.skip": "(borrow<wasi:io/streams#input-stream>, u64) -> result<u64, $0>",
    "[method]input-stream.blocking-skip": "(borrow<wasi:io/streams#input-stream>, u64) -> result<u64, $0>",
    "[method]input-stream.subscribe": "(borrow<wasi:io/streams#input-stream>) -> own<wasi:io/poll#pollable>",
    "[method]output-stream.check-write": "(borrow<wasi:io/streams#output-stream>) -> result<u64, $0>",
    "[method]output-stream.write": "(borrow<wasi:io/streams#output-stream>, list<u8>) -> result<_, $0>",
    "[method]output-stream.blocking-write-and-flush":
      "(borrow<wasi:io/streams#output-stream>, list<u8>) -> result<_, $0>",
    "[method]output-stream.flush": "(borrow<wasi:io/streams#output-stream>) -> result<_, $0>",
    "[method]output-stream.blocking-flush": "(borrow<wasi:io/streams#output-stream>) -> result<_, $0>",
    "[method]output-stream.subscribe": "(borrow<wasi:io/streams#output-stream>) -> own<wasi:io/poll#pollable>",
    "[method]output-stream.write-zeroes": "(borrow<wasi:io/streams#output-stream>, u64) -> result<_, $0>",
    "[method]output-stream.blocking-write-zeroes-and-flush":
      "(borrow<wasi:io/streams#output-stream>, u64) -> result<_, $0>",
    "[method]output-stream.splice":
      "(borrow<wasi:io/streams#output-stream>, borrow<wasi:io/streams#input-stream>, u64) -> result<u64, $0>",
    "[method]output-stream.blocking-splice":
      "(borrow<wasi:io/streams#output-stream>, borrow<wasi:io/streams#input-stream>, u64) -> result<u64, $0>",
  },
  "wasi:cli/stdin": {
    "get-stdin": "() -> own<wasi:io/streams#input-stream>",
  },
  "wasi:cli/stdout": {
    "get-stdout": "() -> own<wasi:io/streams#output-stream>",
  },
  "wasi:cli/stderr": {
    "get-stderr": "() -> own<wasi:io/streams#output-stream>",
  },
  "wasi:cli/terminal-input": {},
  "wasi:cli/terminal-output": {},
  "wasi:cli/terminal-stdin": {
    "get-terminal-stdin": "() -> option<own<wasi:cli/terminal-input#terminal-input>>",
  },
  "wasi:cli/terminal-stdout": {
    "get-terminal-stdout": "() -> option<own<wasi:cli/terminal-output#terminal-output>>",
  },
  "wasi:cli/terminal-stderr": {
    "get-terminal-stderr": "() -> option<own<wasi:cli/terminal-output#terminal-output>>",
  },
  "wasi:clocks/monotonic-clock": {
    "now": "() -> u64",
    "resolution": "() -> u64",
    "subscribe-instant": "(u64) -> own<wasi:io/poll#pollable>",
    "subscribe-duration": "(u64) -> own<wasi:io/poll#pollable>",
  },
  "wasi:clocks/wall-clock": {
    "now": "() -> $1",
    "resolution": "() -> $1",
  },
  "wasi:clocks/timezone": {
    "display": "($1) -> record { utc-offset: s32, name: string, in-daylight-saving-time: bool }",
    "utc-offset": "($1) -> s32",
  },
  "wasi:filesystem/types": {
    "[method]descriptor.read-via-stream":
      "(borrow<wasi:filesystem/types#descriptor>, u64) -> result<own<wasi:io/streams#input-stream>, $2>",
    "[method]descriptor.write-via-stream":
      "(borrow<wasi:filesystem/types#descriptor>, u64) -> result<own<wasi:io/streams#output-stream>, $2>",
    "[method]descriptor.append-via-stream":
      "(borrow<wasi:filesystem/types#descriptor>) -> result<own<wasi:io/streams#output-stream>, $2>",
    "[method]descriptor.advise":
      "(borrow<wasi:filesystem/types#descriptor>, u64, u64, enum { normal, sequential, random, will-need, dont-need, no-reuse }) -> result<_, $2>",
    "[method]descriptor.sync-data": "(borrow<wasi:filesystem/types#descriptor>) -> result<_, $2>",
    "[method]descriptor.get-flags": "(borrow<wasi:filesystem/types#descriptor>) -> result<$3, $2>",
    "[method]descriptor.get-type": "(borrow<wasi:filesystem/types#descriptor>) -> result<$4, $2>",
    "[method]descriptor.set-size": "(borrow<wasi:filesystem/types#descriptor>, u64) -> result<_, $2>",
    "[method]descriptor.set-times": "(borrow<wasi:filesystem/types#descriptor>, $5, $5) -> result<_, $2>",
    "[method]descriptor.read":
      "(borrow<wasi:filesystem/types#descriptor>, u64, u64) -> result<tuple<list<u8>, bool>, $2>",
    "[method]descriptor.write": "(borrow<wasi:filesystem/types#descriptor>, list<u8>, u64) -> result<u64, $2>",
    "[method]descriptor.read-directory":
      "(borrow<wasi:filesystem/types#descriptor>) -> result<own<wasi:filesystem/types#directory-entry-stream>, $2>",
    "[method]descriptor.sync": "(borrow<wasi:filesystem/types#descriptor>) -> result<_, $2>",
    "[method]descriptor.create-directory-at": "(borrow<wasi:filesystem/types#descriptor>, string) -> result<_, $2>",
    "[method]descriptor.stat": "(borrow<wasi:filesystem/types#descriptor>) -> result<$6, $2>",
    "[method]descriptor.stat-at":
      "(borrow<wasi:filesystem/types#descriptor>, flags { symlink-follow }, string) -> result<$6, $2>",
    "[method]descriptor.set-times-at":
      "(borrow<wasi:filesystem/types#descriptor>, flags { symlink-follow }, string, $5, $5) -> result<_, $2>",
    "[method]descriptor.link-at":
      "(borrow<wasi:filesystem/types#descriptor>, flags { symlink-follow }, string, borrow<wasi:filesystem/types#descriptor>, string) -> result<_, $2>",
    "[method]descriptor.open-at":
      "(borrow<wasi:filesystem/types#descriptor>, flags { symlink-follow }, string, flags { create, directory, exclusive, truncate }, $3) -> result<own<wasi:filesystem/types#descriptor>, $2>",
    "[method]descriptor.readlink-at": "(borrow<wasi:filesystem/types#descriptor>, string) -> result<string, $2>",
    "[method]descriptor.remove-directory-at": "(borrow<wasi:filesystem/types#descriptor>, string) -> result<_, $2>",
    "[method]descriptor.rename-at":
      "(borrow<wasi:filesystem/types#descriptor>, string, borrow<wasi:filesystem/types#descriptor>, string) -> result<_, $2>",
    "[method]descriptor.symlink-at": "(borrow<wasi:filesystem/types#descriptor>, string, string) -> result<_, $2>",
    "[method]descriptor.unlink-file-at": "(borrow<wasi:filesystem/types#descriptor>, string) -> result<_, $2>",
    "[method]descriptor.is-same-object":
      "(borrow<wasi:filesystem/types#descriptor>, borrow<wasi:filesystem/types#descriptor>) -> bool",
    "[method]descriptor.metadata-hash":
      "(borrow<wasi:filesystem/types#descriptor>) -> result<record { lower: u64, upper: u64 }, $2>",
    "[method]descriptor.metadata-hash-at":
      "(borrow<wasi:filesystem/types#descriptor>, flags { symlink-follow }, string) -> result<record { lower: u64, upper: u64 }, $2>",
    "[method]directory-entry-stream.read-directory-entry":
      "(borrow<wasi:filesystem/types#directory-entry-stream>) -> result<option<record { type: $4, name: string }>, $2>",
    "filesystem-error-code": "(borrow<wasi:io/error#error>) -> option<$2>",
  },
  "wasi:filesystem/preopens": {
    "get-directories": "() -> list<tuple<own<wasi:filesystem/types#descriptor>, string>>",
  },
  "wasi:sockets/network": {
    "network-error-code": "(borrow<wasi:io/error#error>) -> option<$7>",
  },
  "wasi:sockets/instance-network": {
    "instance-network": "() -> own<wasi:sockets/network#network>",
  },
  "wasi:sockets/udp": {
    "[method]udp-socket.start-bind":
      "(borrow<wasi:sockets/udp#udp-socket>, borrow<wasi:sockets/network#network>, variant { ipv4: $8, ipv6: $9 }) -> result<_, $7>",
    "[method]udp-socket.finish-bind": "(borrow<wasi:sockets/udp#udp-socket>) -> result<_, $7>",
    "[method]udp-socket.stream":
      "(borrow<wasi:sockets/udp#udp-socket>, option<variant { ipv4: $8, ipv6: $9 }>) -> result<tuple<own<wasi:sockets/udp#incoming-datagram-stream>, own<wasi:sockets/udp#outgoing-datagram-stream>>, $7>",
    "[method]udp-socket.local-address":
      "(borrow<wasi:sockets/udp#udp-socket>) -> result<variant { ipv4: $8, ipv6: $9 }, $7>",
    "[method]udp-socket.remote-address":
      "(borrow<wasi:sockets/udp#udp-socket>) -> result<variant { ipv4: $8, ipv6: $9 }, $7>",
    "[method]udp-socket.address-family": "(borrow<wasi:sockets/udp#udp-socket>) -> enum { ipv4, ipv6 }",
    "[method]udp-socket.unicast-hop-limit": "(borrow<wasi:sockets/udp#udp-socket>) -> result<u8, $7>",
    "[method]udp-socket.set-unicast-hop-limit": "(borrow<wasi:sockets/udp#udp-socket>, u8) -> result<_, $7>",
    "[method]udp-socket.receive-buffer-size": "(borrow<wasi:sockets/udp#udp-socket>) -> result<u64, $7>",
    "[method]udp-socket.set-receive-buffer-size": "(borrow<wasi:sockets/udp#udp-socket>, u64) -> result<_, $7>",
    "[method]udp-socket.send-buffer-size": "(borrow<wasi:sockets/udp#udp-socket>) -> result<u64, $7>",
    "[method]udp-socket.set-send-buffer-size": "(borrow<wasi:sockets/udp#udp-socket>, u64) -> result<_, $7>",
    "[method]udp-socket.subscribe": "(borrow<wasi:sockets/udp#udp-socket>) -> own<wasi:io/poll#pollable>",
    "[method]incoming-datagram-stream.receive":
      "(borrow<wasi:sockets/udp#incoming-datagram-stream>, u64) -> result<list<record { data: list<u8>, remote-address: variant { ipv4: $8, ipv6: $9 } }>, $7>",
    "[method]incoming-datagram-stream.subscribe":
      "(borrow<wasi:sockets/udp#incoming-datagram-stream>) -> own<wasi:io/poll#pollable>",
    "[method]outgoing-datagram-stream.check-send":
      "(borrow<wasi:sockets/udp#outgoing-datagram-stream>) -> result<u64, $7>",
    "[method]outgoing-datagram-stream.send":
      "(borrow<wasi:sockets/udp#outgoing-datagram-stream>, list<record { data: list<u8>, remote-address: option<variant { ipv4: $8, ipv6: $9 }> }>) -> result<u64, $7>",
    "[method]outgoing-datagram-stream.subscribe":
      "(borrow<wasi:sockets/udp#outgoing-datagram-stream>) -> own<wasi:io/poll#pollable>",
  },
  "wasi:sockets/udp-create-socket": {
    "create-udp-socket": "(enum { ipv4, ipv6 }) -> result<own<wasi:sockets/udp#udp-socket>, $7>",
  },
  "wasi:sockets/tcp": {
    "[method]tcp-socket.start-bind":
      "(borrow<wasi:sockets/tcp#tcp-socket>, borrow<wasi:sockets/network#network>, variant { ipv4: $8, ipv6: $9 }) -> result<_, $7>",
    "[method]tcp-socket.finish-bind": "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<_, $7>",
    "[method]tcp-socket.start-connect":
      "(borrow<wasi:sockets/tcp#tcp-socket>, borrow<wasi:sockets/network#network>, variant { ipv4: $8, ipv6: $9 }) -> result<_, $7>",
    "[method]tcp-socket.finish-connect":
      "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<tuple<own<wasi:io/streams#input-stream>, own<wasi:io/streams#output-stream>>, $7>",
    "[method]tcp-socket.start-listen": "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<_, $7>",
    "[method]tcp-socket.finish-listen": "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<_, $7>",
    "[method]tcp-socket.accept":
      "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<tuple<own<wasi:sockets/tcp#tcp-socket>, own<wasi:io/streams#input-stream>, own<wasi:io/streams#output-stream>>, $7>",
    "[method]tcp-socket.local-address":
      "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<variant { ipv4: $8, ipv6: $9 }, $7>",
    "[method]tcp-socket.remote-address":
      "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<variant { ipv4: $8, ipv6: $9 }, $7>",
    "[method]tcp-socket.is-listening": "(borrow<wasi:sockets/tcp#tcp-socket>) -> bool",
    "[method]tcp-socket.address-family": "(borrow<wasi:sockets/tcp#tcp-socket>) -> enum { ipv4, ipv6 }",
    "[method]tcp-socket.set-listen-backlog-size": "(borrow<wasi:sockets/tcp#tcp-socket>, u64) -> result<_, $7>",
    "[method]tcp-socket.keep-alive-enabled": "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<bool, $7>",
    "[method]tcp-socket.set-keep-alive-enabled": "(borrow<wasi:sockets/tcp#tcp-socket>, bool) -> result<_, $7>",
    "[method]tcp-socket.keep-alive-idle-time": "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<u64, $7>",
    "[method]tcp-socket.set-keep-alive-idle-time": "(borrow<wasi:sockets/tcp#tcp-socket>, u64) -> result<_, $7>",
    "[method]tcp-socket.keep-alive-interval": "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<u64, $7>",
    "[method]tcp-socket.set-keep-alive-interval": "(borrow<wasi:sockets/tcp#tcp-socket>, u64) -> result<_, $7>",
    "[method]tcp-socket.keep-alive-count": "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<u32, $7>",
    "[method]tcp-socket.set-keep-alive-count": "(borrow<wasi:sockets/tcp#tcp-socket>, u32) -> result<_, $7>",
    "[method]tcp-socket.hop-limit": "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<u8, $7>",
    "[method]tcp-socket.set-hop-limit": "(borrow<wasi:sockets/tcp#tcp-socket>, u8) -> result<_, $7>",
    "[method]tcp-socket.receive-buffer-size": "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<u64, $7>",
    "[method]tcp-socket.set-receive-buffer-size": "(borrow<wasi:sockets/tcp#tcp-socket>, u64) -> result<_, $7>",
    "[method]tcp-socket.send-buffer-size": "(borrow<wasi:sockets/tcp#tcp-socket>) -> result<u64, $7>",
    "[method]tcp-socket.set-send-buffer-size": "(borrow<wasi:sockets/tcp#tcp-socket>, u64) -> result<_, $7>",
    "[method]tcp-socket.subscribe": "(borrow<wasi:sockets/tcp#tcp-socket>) -> own<wasi:io/poll#pollable>",
    "[method]tcp-socket.shutdown":
      "(borrow<wasi:sockets/tcp#tcp-socket>, enum { receive, send, both }) -> result<_, $7>",
  },
  "wasi:sockets/tcp-create-socket": {
    "create-tcp-socket": "(enum { ipv4, ipv6 }) -> result<own<wasi:sockets/tcp#tcp-socket>, $7>",
  },
  "wasi:sockets/ip-name-lookup": {
    "[method]resolve-address-stream.resolve-next-address":
      "(borrow<wasi:sockets/ip-name-lookup#resolve-address-stream>) -> result<option<variant { ipv4: tuple<u8, u8, u8, u8>, ipv6: tuple<u16, u16, u16, u16, u16, u16, u16, u16> }>, $7>",
    "[method]resolve-address-stream.subscribe":
      "(borrow<wasi:sockets/ip-name-lookup#resolve-address-stream>) -> own<wasi:io/poll#pollable>",
    "resolve-addresses":
      "(borrow<wasi:sockets/network#network>, string) -> result<own<wasi:sockets/ip-name-lookup#resolve-address-stream>, $7>",
  },
  "wasi:random/random": {
    "get-random-bytes": "(u64) -> list<u8>",
    "get-random-u64": "() -> u64",
  },
  "wasi:random/insecure": {
    "get-insecure-random-bytes": "(u64) -> list<u8>",
    "get-insecure-random-u64": "() -> u64",
  },
  "wasi:random/insecure-seed": {
    "insecure-seed": "() -> tuple<u64, u64>",
  },
  "wasi:http/types": {
    "[constructor]fields": "() -> own<wasi:http/types#fields>",
    "[static]fields.from-list": "(list<tuple<string, list<u8>>>) -> result<own<wasi:http/types#fields>, $10>",
    "[method]fields.get": "(borrow<wasi:http/types#fields>, string) -> list<list<u8>>",
    "[method]fields.has": "(borrow<wasi:http/types#fields>, string) -> bool",
    "[method]fields.set": "(borrow<wasi:http/types#fields>, string, list<list<u8>>) -> result<_, $10>",
    "[method]fields.delete": "(borrow<wasi:http/types#fields>, string) -> result<_, $10>",
    "[method]fields.append": "(borrow<wasi:http/types#fields>, string, list<u8>) -> result<_, $10>",
    "[method]fields.entries": "(borrow<wasi:http/types#fields>) -> list<tuple<string, list<u8>>>",
    "[method]fields.clone": "(borrow<wasi:http/types#fields>) -> own<wasi:http/types#fields>",
    "[method]incoming-request.method": "(borrow<wasi:http/types#incoming-request>) -> $11",
    "[method]incoming-request.path-with-query": "(borrow<wasi:http/types#incoming-request>) -> option<string>",
    "[method]incoming-request.scheme":
      "(borrow<wasi:http/types#incoming-request>) -> option<variant { HTTP, HTTPS, other: string }>",
    "[method]incoming-request.authority": "(borrow<wasi:http/types#incoming-request>) -> option<string>",
    "[method]incoming-request.headers": "(borrow<wasi:http/types#incoming-request>) -> own<wasi:http/types#fields>",
    "[method]incoming-request.consume":
      "(borrow<wasi:http/types#incoming-request>) -> result<own<wasi:http/types#incoming-body>>",
    "[constructor]outgoing-request": "(own<wasi:http/types#fields>) -> own<wasi:http/types#outgoing-request>",
    "[method]outgoing-request.body":
      "(borrow<wasi:http/types#outgoing-request>) -> result<own<wasi:http/types#outgoing-body>>",
    "[method]outgoing-request.method": "(borrow<wasi:http/types#outgoing-request>) -> $11",
    "[method]outgoing-request.set-method": "(borrow<wasi:http/types#outgoing-request>, $11) -> result",
    "[method]outgoing-request.path-with-query": "(borrow<wasi:http/types#outgoing-request>) -> option<string>",
    "[method]outgoing-request.set-path-with-query":
      "(borrow<wasi:http/types#outgoing-request>, option<string>) -> result",
    "[method]outgoing-request.scheme":
      "(borrow<wasi:http/types#outgoing-request>) -> option<variant { HTTP, HTTPS, other: string }>",
    "[method]outgoing-request.set-scheme":
      "(borrow<wasi:http/types#outgoing-request>, option<variant { HTTP, HTTPS, other: string }>) -> result",
    "[method]outgoing-request.authority": "(borrow<wasi:http/types#outgoing-request>) -> option<string>",
    "[method]outgoing-request.set-authority": "(borrow<wasi:http/types#outgoing-request>, option<string>) -> result",
    "[method]outgoing-request.headers": "(borrow<wasi:http/types#outgoing-request>) -> own<wasi:http/types#fields>",
    "[constructor]request-options": "() -> own<wasi:http/types#request-options>",
    "[method]request-options.connect-timeout": "(borrow<wasi:http/types#request-options>) -> option<u64>",
    "[method]request-options.set-connect-timeout": "(borrow<wasi:http/types#request-options>, option<u64>) -> result",
    "[method]request-options.first-byte-timeout": "(borrow<wasi:http/types#request-options>) -> option<u64>",
    "[method]request-options.set-first-byte-timeout":
      "(borrow<wasi:http/types#request-options>, option<u64>) -> result",
    "[method]request-options.between-bytes-timeout": "(borrow<wasi:http/types#request-options>) -> option<u64>",
    "[method]request-options.set-between-bytes-timeout":
      "(borrow<wasi:http/types#request-options>, option<u64>) -> result",
    "[method]response-outparam.send-informational":
      "(borrow<wasi:http/types#response-outparam>, u16, own<wasi:http/types#fields>) -> result<_, $15>",
    "[static]response-outparam.set":
      "(own<wasi:http/types#response-outparam>, result<own<wasi:http/types#outgoing-response>, $15>)",
    "[method]incoming-response.status": "(borrow<wasi:http/types#incoming-response>) -> u16",
    "[method]incoming-response.headers": "(borrow<wasi:http/types#incoming-response>) -> own<wasi:http/types#fields>",
    "[method]incoming-response.consume":
      "(borrow<wasi:http/types#incoming-response>) -> result<own<wasi:http/types#incoming-body>>",
    "[method]incoming-body.stream":
      "(borrow<wasi:http/types#incoming-body>) -> result<own<wasi:io/streams#input-stream>>",
    "[static]incoming-body.finish": "(own<wasi:http/types#incoming-body>) -> own<wasi:http/types#future-trailers>",
    "[method]future-trailers.subscribe": "(borrow<wasi:http/types#future-trailers>) -> own<wasi:io/poll#pollable>",
    "[method]future-trailers.get":
      "(borrow<wasi:http/types#future-trailers>) -> option<result<result<option<own<wasi:http/types#fields>>, $15>>>",
    "[constructor]outgoing-response": "(own<wasi:http/types#fields>) -> own<wasi:http/types#outgoing-response>",
    "[method]outgoing-response.status-code": "(borrow<wasi:http/types#outgoing-response>) -> u16",
    "[method]outgoing-response.set-status-code": "(borrow<wasi:http/types#outgoing-response>, u16) -> result",
    "[method]outgoing-response.headers": "(borrow<wasi:http/types#outgoing-response>) -> own<wasi:http/types#fields>",
    "[method]outgoing-response.body":
      "(borrow<wasi:http/types#outgoing-response>) -> result<own<wasi:http/types#outgoing-body>>",
    "[method]outgoing-body.write":
      "(borrow<wasi:http/types#outgoing-body>) -> result<own<wasi:io/streams#output-stream>>",
    "[static]outgoing-body.finish":
      "(own<wasi:http/types#outgoing-body>, option<own<wasi:http/types#fields>>) -> result<_, $15>",
    "[method]future-incoming-response.subscribe":
      "(borrow<wasi:http/types#future-incoming-response>) -> own<wasi:io/poll#pollable>",
    "[method]future-incoming-response.get":
      "(borrow<wasi:http/types#future-incoming-response>) -> option<result<result<own<wasi:http/types#incoming-response>, $15>>>",
    "http-error-code": "(borrow<wasi:io/error#error>) -> option<$15>",
  },
  "wasi:http/outgoing-handler": {
    "handle":
      "(own<wasi:http/types#outgoing-request>, option<own<wasi:http/types#request-options>>) -> result<own<wasi:http/types#future-incoming-response>, $15>",
  },
};
