import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { LoopgateError } from "../base/errors.ts";
import { LISTEN_DEFAULT } from "../gateway/gateway.ts";
import { parseCommand } from "./args.ts";
import { parseListenAddress, urlOf } from "../base/listen_address.ts";
import { COMMANDS, usageText } from "./usage.ts";
import { VERSION } from "../base/version.ts";

const GOOD: readonly (readonly [words: string, command: unknown])[] = [
  ["serve w", { kind: "serve", folder: "w", settings: {} }],
  ["help LG1104", { kind: "help-code", code: "LG1104" }],
  ["help lg7002", { kind: "help-code", code: "LG7002" }],
  ["serve w --listen 127.0.0.1:80", {
    kind: "serve",
    folder: "w",
    settings: { listen: { host: "127.0.0.1", port: 80 } },
  }],
  ["serve --listen=[::1]:0 --log json w", {
    kind: "serve",
    folder: "w",
    settings: { listen: { host: "::1", port: 0 }, log: "json" },
  }],
  ["serve -- -w", { kind: "serve", folder: "-w", settings: {} }],
  ["virtualize a.wasm --deny sockets,http --deny a:b/c -o b.wasm", {
    kind: "virtualize",
    component: "a.wasm",
    output: "b.wasm",
    deny: ["sockets", "http", "a:b/c"],
    env: undefined,
    args: undefined,
    randomSeed: undefined,
  }],
  ["virtualize a.wasm --env A=1 --arg x --random-seed 18446744073709551615 --output=b.wasm", {
    kind: "virtualize",
    component: "a.wasm",
    output: "b.wasm",
    deny: [],
    env: [["A", "1"]],
    args: ["x"],
    randomSeed: 0xffff_ffff_ffff_ffffn,
  }],
  ["run a.wasm", { kind: "run", component: "a.wasm", env: [], args: [], dirs: [], publish: [] }],
  ["run a.wasm --env A=b=c --env B=", {
    kind: "run",
    component: "a.wasm",
    env: [["A", "b=c"], ["B", ""]],
    args: [],
    dirs: [],
    publish: [],
  }],
  ["run a.wasm --env A=1 --env A=2", {
    kind: "run",
    component: "a.wasm",
    env: [["A", "2"]],
    args: [],
    dirs: [],
    publish: [],
  }],
  ["run --arg x a.wasm --arg=-y -- --env Z --help", {
    kind: "run",
    component: "a.wasm",
    env: [],
    args: ["x", "-y", "--env", "Z", "--help"],
    dirs: [],
    publish: [],
  }],
  ["serve w --ca certs/ca.pem --resolver 192.0.2.53", {
    kind: "serve",
    folder: "w",
    settings: { resolver: [{ address: { family: "ipv4", bytes: [192, 0, 2, 53] }, port: 53 }], ca: "certs/ca.pem" },
  }],
  ["serve w --replicas 4 --no-watch", {
    kind: "serve",
    folder: "w",
    settings: { replicas: 4, watch: false },
  }],
  ["serve w --watch --admin [::1]:81", {
    kind: "serve",
    folder: "w",
    settings: { watch: true, admin: { host: "::1", port: 81 } },
  }],
  ["check", { kind: "check", folder: undefined, isJson: false }],
  ["check w --json", { kind: "check", folder: "w", isJson: true }],
  ["inspect a.wasm", { kind: "inspect", component: "a.wasm", isJson: false }],
  ["inspect --json a.wasm", { kind: "inspect", component: "a.wasm", isJson: true }],
  ["explain shop https://API.example.com/v1", {
    kind: "explain",
    workload: "shop",
    target: { scheme: "https", host: { kind: "name", name: "api.example.com" }, port: 443 },
    route: undefined,
    folder: undefined,
    settings: {},
  }],
  ["explain --folder w shop 10.1:5432 --route task --listen 0.0.0.0:80", {
    kind: "explain",
    workload: "shop",
    target: { scheme: "tcp", host: { kind: "address", address: { family: "ipv4", bytes: [10, 0, 0, 1] } }, port: 5432 },
    route: "task",
    folder: "w",
    settings: { listen: { host: "0.0.0.0", port: 80 } },
  }],
  ["new hi", { kind: "new", name: "hi", template: "hello", folder: "." }],
  ["new hi -t service-tcp --folder w", { kind: "new", name: "hi", template: "service-tcp", folder: "w" }],
  ["new hi --template service-tcp --language rust", {
    kind: "new",
    name: "hi",
    template: "service-tcp-rust",
    folder: ".",
  }],
  ["build", { kind: "build", folder: ".", hasTypes: false }],
  ["build w --types", { kind: "build", folder: "w", hasTypes: true }],
  ["build -- -w", { kind: "build", folder: "-w", hasTypes: false }],
  ["run a.wasm --publish 80:7777", {
    kind: "run",
    component: "a.wasm",
    env: [],
    args: [],
    dirs: [],
    publish: [{ workload: undefined, listen: { host: "127.0.0.1", port: 80 }, port: 7777 }],
  }],
  ["dev", { kind: "dev", folder: ".", settings: {}, publish: [] }],
  ["dev w --listen 127.0.0.1:0 --log json --publish 0:1 --publish shop/[::1]:2:3 --publish 0.0.0.0:4:65535", {
    kind: "dev",
    folder: "w",
    settings: { listen: { host: "127.0.0.1", port: 0 }, log: "json" },
    publish: [
      { workload: undefined, listen: { host: "127.0.0.1", port: 0 }, port: 1 },
      { workload: "shop", listen: { host: "::1", port: 2 }, port: 3 },
      { workload: undefined, listen: { host: "0.0.0.0", port: 4 }, port: 65535 },
    ],
  }],
  ["help", { kind: "help", topic: undefined }],
  ["--help", { kind: "help", topic: undefined }],
  ["-h", { kind: "help", topic: undefined }],
  ["--help serve", { kind: "help", topic: "serve" }],
  ["help run", { kind: "help", topic: "run" }],
  ["serve --help", { kind: "help", topic: "serve" }],
  ["run -h", { kind: "help", topic: "run" }],
  ["--version", { kind: "version" }],
  ["-V", { kind: "version" }],
];

for (const [words, command] of GOOD) {
  test(`parseCommand: ${words}`, () => assert.deepEqual(parseCommand(words.split(" ")), command));
}

const BAD: readonly (readonly [words: readonly string[], part: RegExp])[] = [
  [[], /there is no command/],
  [["--listen", "a:1"], /--listen: it is no flag/],
  [["sreve", "w"], /"sreve": it is no command.*\nDid you mean: serve/],
  [["hello.wasm"], /Did you mean: loopgate run hello\.wasm/],
  [["constructor"], /it is no command/],
  [["help", "sreve"], /Did you mean: serve/],
  [["help", "LG7999"], /there is no such code/],
  [["help", "serve", "run"], /one command at a time/],
  [["serve"], /there is no folder/],
  [["serve", "a", "b"], /"b" follows it/],
  [
    ["serve", "a", "--lisen", "b:1"],
    /--lisen: it is no flag of `serve`.*\nDid you mean: --listen\nSee: loopgate help serve/,
  ],
  [["serve", "a", "--toString"], /--toString: it is no flag/],
  [["serve", "a", "-x"], /-x: it is no flag/],
  [["serve", "a", "--env", "A=b"], /--env: it is no flag of `serve`/],
  [["serve", "a", "--listen"], /its value is missing/],
  [["serve", "a", "--listen", "--log"], /a flag follows it/],
  [["serve", "a", "--listen", "a:1", "--listen", "b:1"], /--listen twice/],
  [["serve", "a", "--help=yes"], /--help with a value/],
  [["serve", "a", "--log-level", "wran"], /--log-level "wran".*error, warn or info\nDid you mean: warn/],
  [["serve", "a", "--log", "jsno"], /--log "jsno".*\nDid you mean: json/],
  [["serve", "a", "--listen", "8080"], /it has no host.*\nDid you mean: 127\.0\.0\.1:8080 .*0\.0\.0\.0:8080/],
  [["serve", "a", "--listen", "::1:8091"], /an IPv6 address needs brackets.*\nDid you mean: \[::1\]:8091\n/],
  [["serve", "a", "--listen", "::1"], /an IPv6 address needs brackets.*\nDid you mean: \[::1\]:8080\n/],
  [["serve", "a", "--listen", "fe80::12"], /an IPv6 address needs brackets.*\nDid you mean: \[fe80::12\]:8080\n/],
  [["serve", "a", "--resolver", "dns.example.com:53"], /--resolver "dns\.example\.com:53": it is no address/],
  [["serve", "a", "--resolver", "192.0.2.53:0"], /it is no address, expected the address of a name server/],
  [["serve", "a", "--ca", "a", "--ca", "b"], /--ca twice/],
  ...["0", "-1", "257", "1e2", "two", ""].map((count) =>
    [["serve", "a", `--replicas=${count}`], /--replicas ".*", expected a number from 1 to 256/] as const
  ),
  [["serve", "a", "--replicas", "2", "--replicas", "3"], /--replicas twice/],
  [["serve", "a", "--no-watch=no"], /--no-watch with a value/],
  [["serve", "a", "--watch", "--no-watch"], /--watch and --no-watch together, expected one of them/],
  [["run", "a.wasm", "--replicas", "2"], /--replicas: it is no flag of `run`/],
  [["check", "a", "b"], /Cannot check "a": "b" follows it, expected one folder\nSee: loopgate help check/],
  [["check", "--jsn"], /Did you mean: --json/],
  [["inspect"], /Cannot inspect: there is no component/],
  [["inspect", "a.wasm", "b.wasm"], /"b\.wasm" follows it, expected one component/],
  [["inspect", "a.wasm", "--json=yes"], /Cannot use --json with a value/],
  [["explain"], /there is no workload/],
  [["explain", "shop"], /there is no target/],
  [["explain", "shop", "a:1", "b:1"], /"b:1" follows it/],
  [["explain", "shop", "tcp://db"], /"tcp:\/\/db": it is no target.*\nDid you mean: tcp:\/\/db:443\n/],
  [["explain", "shop", "fd00::1"], /it is no target.*\nDid you mean: \[fd00::1\]:443\n/],
  [["explain", "shop", "https://u@db"], /it is no target, expected/],
  [["explain", "shop", "10.0.0.0/8:80"], /it is no target/],
  [["explain", "shop", "a:1", "--rout", "x"], /Did you mean: --route\nSee: loopgate help explain/],
  [["build", "a", "b"], /Cannot build "a": "b" follows it, expected one folder\nSee: loopgate help build/],
  [["build", "--listen", "a:1"], /--listen: it is no flag of `build`/],
  [["new"], /there is no name, expected `loopgate new <name>`/],
  [["new", "a", "b"], /"b" follows it, expected one name/],
  [["new", "a", "--template", "helo"], /"helo": there is none, expected hello, .*\nDid you mean: hello\n/],
  [["new", "a", "--template", "constructor"], /"constructor": there is none/],
  [["new", "a", "--language", "go"], /--language "go", expected typescript or rust/],
  [["new", "a", "--language", "rust"], /"hello" with --language rust: it is TypeScript only, expected service-tcp/],
  [["dev", "a", "b"], /Cannot serve "a": "b" follows it, expected one folder\nSee: loopgate help dev/],
  [["dev", "--replicas", "2"], /--replicas: it is no flag of `dev`/],
  [["dev", "--publish", "7777"], /"7777", expected \[workload\/\]\[host:\]port:port.*\nDid you mean: 7777:7777\n/],
  [["dev", "--publish", "a/7777"], /Did you mean: a\/7777:7777\n/],
  ...["80:0", "80:65536", "70000:80", "/80:80", ":80:80", "a:80", "fd00::1:80:80", "a/b/80:80"].map((text) =>
    [["dev", `--publish=${text}`], /^Cannot use --publish ".*expected \[workload\/\]\[host:\]port:port/] as const
  ),
  [["run", "a.wasm", "--publish", "a/80:80"], /"a\/80:80", expected \[host:\]port:port/],
  [["serve", "a", "--publish", "80:80"], /--publish: it is no flag of `serve`/],
  [["run"], /there is no component/],
  [["run", "a.wasm", "b"], /after "--"\nDid you mean: loopgate run a\.wasm -- b/],
  [["run", "a.wasm", "--env", "A B=c"], /"A B" is no name/],
  [["run", "a.wasm", "--env", "=c"], /"" is no name/],
  [["run", "a.wasm", "--arg", "-x"], /--arg=<value>/],
  [["virtualize"], /there is no component/],
  [["virtualize", "a.wasm", "--deny", "http"], /expected -o <out\.wasm>/],
  [["virtualize", "a.wasm", "-o", "b.wasm"], /nothing is to be met, expected --deny sockets/],
  [["virtualize", "a.wasm", "b.wasm", "--deny", "http", "-o", "c"], /"b\.wasm" follows it/],
  ...["x", "-1", "18446744073709551616", ""].map((seed) =>
    [["virtualize", "a.wasm", `--random-seed=${seed}`, "-o", "b"], /no number of 64 bits/] as const
  ),
  [["virtualize", "a.wasm", "--env", "=c", "-o", "b"], /"" is no name.*\nSee: loopgate help virtualize/],
  [["run", "a.wasm", "--listen", "a:1"], /--listen: it is no flag of `run`/],
];

for (const [words, part] of BAD) {
  test(`parseCommand: refuses ${words.join(" ") || "nothing"}`, () => {
    assert.throws(() => parseCommand(words), (error) => {
      assert.ok(error instanceof LoopgateError);
      assert.equal(error.code, "ERR_USAGE");
      assert.match(error.message, part);
      assert.match(error.message, /\nSee: loopgate help/);
      return true;
    });
  });
}

test("parseCommand: a secret without its name is not repeated", () => {
  assert.throws(() => parseCommand(["run", "a.wasm", "--env", "s3cret"]), (error) => {
    assert.ok(error instanceof LoopgateError);
    assert.ok(!error.message.includes("s3cret"));
    return true;
  });
});

const ADDRESSES: readonly (readonly [text: string, expected: string])[] = [
  ["127.0.0.1:8080", "127.0.0.1 8080"],
  ["localhost:0", "localhost 0"],
  ["[::]:65535", ":: 65535"],
  ["", "fault"],
  [":8080", "fault"],
  ["127.0.0.1", "fault"],
  ["[::1]", "fault"],
  ["::1:8080", "fault"],
  ["[::g]:80", "fault"],
  ["[:::]:80", "fault"],
  ["a:65536", "fault"],
  ["a:99999999999999999999", "fault"],
  ["a:-1", "fault"],
  ["a:8080x", "fault"],
  ["a b:80", "fault"],
  ["http://a:80/", "fault"],
];
for (const [text, expected] of ADDRESSES) {
  test(`parseListenAddress: "${text}"`, () => {
    const read = parseListenAddress(text);
    assert.equal(read.kind === "fault" ? "fault" : `${read.host} ${read.port}`, expected);
  });
}

test("urlOf: an address for every interface is reached as localhost", () => {
  assert.equal(urlOf({ host: "0.0.0.0", port: 80 }), "http://localhost:80");
  assert.equal(urlOf({ host: "::", port: 80 }), "http://localhost:80");
  assert.equal(urlOf({ host: "::1", port: 80 }), "http://[::1]:80");
});

test("usageText: every command, the real default, no line too wide", () => {
  for (const topic of [undefined, ...COMMANDS]) {
    const text = usageText(topic);
    assert.ok(text.endsWith("\n") && text.split("\n").every((line) => line.length <= 120), topic ?? "overview");
  }
  assert.ok(usageText("serve").includes(`(${LISTEN_DEFAULT.host}:${LISTEN_DEFAULT.port})`));
  for (const command of COMMANDS) assert.ok(usageText(undefined).includes(`  ${command}  `), command);
});

test("VERSION: is package.json's", () => {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  assert.equal(VERSION, manifest.version);
});
