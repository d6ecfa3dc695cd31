/**
 * The values of secrets are in nothing that comes out of the program but what guests themselves say. A value from a file
 * and one from a variable are planted wherever a workload may name one, and as plain texts beside faults of files; then
 * all that a process prints, answers, sends to a collector and leaves in its cache is searched.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { componentBytes } from "../support/gateway_harness.ts";
import { eventually } from "../support/http_harness.ts";
import { startOtlpReceiver } from "../support/otlp_receiver.ts";
import { Program, ROOT, RUN } from "../support/program.ts";
import { rawRequest } from "../support/raw_client.ts";

/** As it is started from outside: with its cache. */
const COMMAND = [...RUN, join(ROOT, "src/cli/loopgate.mjs")];
const IS_DENO = process.versions["deno"] !== undefined;
const VARIABLE = "SHOP_TOKEN";
/** Signs of a value that tell enough of it; a sentence or a frame may be cut. */
const PIECE_LENGTH = 8;

/** Of one run alone, so that nothing else has it. */
function newSecret(): string {
  return randomBytes(16).toString("hex");
}

const FROM_VARIABLE = newSecret();
const FROM_FILE = newSecret();
/** What the file holds later. */
const CHANGED = newSecret();
const SECRETS = [FROM_VARIABLE, FROM_FILE, CHANGED];
const FORBIDDEN = SECRETS.flatMap((secret) => {
  const pieces = Array.from(
    { length: secret.length - PIECE_LENGTH + 1 },
    (_, at) => secret.slice(at, at + PIECE_LENGTH),
  );
  const bytes = Buffer.from(secret);
  return [...pieces, bytes.toString("base64").replace(/.{2}=*$/, ""), bytes.toString("hex")];
});

/** Nothing of a secret is in what came out, and something else is: `shows`. */
function assertSilent(where: string, text: string, shows: readonly RegExp[]): void {
  const found = FORBIDDEN.find((piece) => text.includes(piece));
  assert.equal(found, undefined, `${where}: ${found}\n${text}`);
  for (const pattern of shows) assert.ok(pattern.test(text), `${where}, ${pattern}: ${text}`);
}

let scratch = "";
const place = (path: string): string => join(scratch, path);
const environment = (): Readonly<Record<string, string>> => ({
  [VARIABLE]: FROM_VARIABLE,
  LOOPGATE_CACHE: place("cache"),
});

async function put(path: string, content: unknown): Promise<void> {
  const file = place(path);
  await mkdir(join(file, ".."), { recursive: true });
  const bytes = typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content);
  await writeFile(`${file}.new`, bytes);
  await rename(`${file}.new`, file);
}

const BOTH = { FROM_FILE: { secret: "by-file" }, FROM_VARIABLE: { secret: "by-variable" } };
const ARGS = ["--file", { secret: "by-file" }, "--variable", { secret: "by-variable" }];
const ROUTE = {
  match: { path: "/*", methods: ["GET", "POST"] },
  component: "probe.wasm",
  env: BOTH,
  args: ARGS,
  limits: { requestBody: "1KiB" },
};
/** The others have the time that they need. */
const SPIN = { match: { path: "/spin" }, component: "probe.wasm", env: BOTH, args: ARGS, limits: { cpu: "1s" } };
const GATEWAY = {
  secrets: {
    "by-file": { from: "file", path: "../vault/db", workloads: ["shop", "sick"] },
    "by-variable": { from: "env", name: VARIABLE, workloads: ["shop", "sick"] },
  },
};

before(async () => {
  scratch = await realpath(await mkdtemp(join(tmpdir(), "loopgate-shown-")));
  await put("vault/db", `${FROM_FILE}\n`);
  const traveller = await componentBytes("traveller");
  const probe = await componentBytes("probe");
  const greeter = await componentBytes("greeter");
  for (const folder of ["served", "broken"]) {
    await put(`${folder}/gateway.jsonc`, GATEWAY);
    await put(`${folder}/shop/workload.jsonc`, {
      service: { component: "greeter.wasm", ready: { tcp: 7777 }, env: BOTH, args: ARGS },
      env: BOTH,
    });
    await put(`${folder}/shop/all.route.jsonc`, ROUTE);
    await put(`${folder}/shop/spin.route.jsonc`, SPIN);
    await put(`${folder}/shop/travel.route.jsonc`, {
      match: { path: "/travel" },
      component: "traveller.wasm",
      args: ARGS,
    });
    // Its service traps, is started again, and has failed then.
    await put(`${folder}/sick/workload.jsonc`, {
      service: {
        component: "greeter.wasm",
        env: { ...BOTH, MODE: "trap" },
        args: ARGS,
        restart: { policy: "on-failure", budget: 1 },
      },
    });
    for (const workload of ["shop", "sick"]) await put(`${folder}/${workload}/greeter.wasm`, greeter);
    await put(`${folder}/shop/probe.wasm`, probe);
    await put(`${folder}/shop/traveller.wasm`, traveller);
  }
  for (const [path, text] of Object.entries(FAULTY)) await put(`broken/${path}`, text);
});

after(() => rm(scratch, { recursive: true }));

/** Files whose faults stand on a line with a value; whoever pasted it there is told without it. */
const FAULTY: Readonly<Record<string, string>> = {
  "gateway.jsonc":
    `{ "secrets": { "by-file": { "from": "file", "path": "../vault/db", "value": "${FROM_FILE}", "workloads": ["shop", "sick"] },\n` +
    `  "by-variable": { "from": "env", "name": "${VARIABLE}", "path": "${FROM_VARIABLE}", "workloads": ["shop", "sick"] } } }\n`,
  "shop/all.route.jsonc":
    `{ "match": { "path": "all" }, "component": "probe.wasm", "env": { "A": "${FROM_FILE}", "B": ["${FROM_VARIABLE}"] }, "args": ["${FROM_FILE}", 1], // ${FROM_VARIABLE}\n` +
    `  "password": "${FROM_FILE}", "net": ["https://shop:${FROM_VARIABLE}@example.com"] }\n`,
  "shop/lost.route.jsonc":
    `{ "match": { "path": "/lost" }, "component": "probe.wasm", "env": { "A: "${FROM_FILE}", "B": "${FROM_VARIABLE}" } }\n`,
};

const GUEST_PATHS = [
  "/trap",
  "/no-answer",
  "/error-code",
  "/exit",
  "/spin",
  "/trap-after-head",
  "/print",
  "/connect",
] as const;

const STEPS = [
  { do: "tcp", address: [169, 254, 169, 254], port: 80 },
  { do: "tcp", address: [127, 0, 0, 1], port: 9 },
  { do: "http", authority: "169.254.169.254", path: "/latest" },
  { do: "http", authority: "127.0.0.1:9", path: "/" },
  { do: "resolve", name: "db.example.com" },
];

/** What clients get when the gateway answers by itself, its header included. */
async function ownAnswers(url: string): Promise<string> {
  const port = Number(new URL(url).port);
  const ask = async (path: string, init: RequestInit = {}): Promise<string> => {
    const response = await fetch(url + path, init);
    // An answer that breaks off has no more to tell.
    return `${response.status} ${JSON.stringify([...response.headers])} ${await response.text().catch(() =>
      "broke off"
    )}`;
  };
  const answers = [await rawRequest(port, "GET / HTTP/1.1\r\nHost: a\r\nBad Header: x")];
  for (const path of GUEST_PATHS) answers.push(await ask(path));
  answers.push(await ask("/", { method: "DELETE" }), await ask("/echo", { method: "POST", body: "x".repeat(2_000) }));
  answers.push(await ask(`/x?token=${FROM_FILE}`).then(() => "a query"));
  answers.push(await ask("/travel", { method: "POST", body: JSON.stringify(STEPS) }));
  return answers.join("\n");
}

/** A program that serves, with what it answered. */
interface Session {
  readonly program: Program;
  readonly answers: string;
}

/** Everything that can go wrong does while it serves; `meanwhile` is done before it ends. */
async function session(
  words: readonly string[],
  { isJson, meanwhile = () => Promise.resolve() }: {
    readonly isJson: boolean;
    readonly meanwhile?: (program: Program) => Promise<void>;
  },
): Promise<Session> {
  await put("vault/db", `${FROM_FILE}\n`);
  const program = new Program([...COMMAND, ...words, "--listen", "127.0.0.1:0"], { env: environment() });
  try {
    const listening = isJson ? /"event":"listening".*?"port":(\d+)/ : /Listening on http:\/\/127\.0\.0\.1:(\d+)/;
    const url = `http://127.0.0.1:${await program.untilWritten(listening)}`;
    assert.deepEqual(JSON.parse(await environmentOf(url)), {
      env: [["FROM_FILE", FROM_FILE], ["FROM_VARIABLE", FROM_VARIABLE]],
      args: ["probe.wasm", "--file", FROM_FILE, "--variable", FROM_VARIABLE],
      requests: 1,
    });
    const answers = await ownAnswers(url);
    await program.untilWritten(isJson ? /("workload":"sick","state":"failed")/ : /(sick service failed)/);
    await put("served/shop/all.route.jsonc", FAULTY["shop/all.route.jsonc"]);
    await program.untilWritten(isJson ? /("event":"reload".*all\.route)/ : /(shop kept)/);
    await put("served/shop/all.route.jsonc", ROUTE);
    await put("vault/db", `${CHANGED}\n`);
    await eventually(async () => (await environmentOf(url)).includes(CHANGED));
    await put("served/gateway.jsonc", FAULTY["gateway.jsonc"]);
    await program.untilWritten(isJson ? /("event":"reload".*gateway\.jsonc:1:)/ : /(gateway\.jsonc kept)/);
    await put("served/gateway.jsonc", GATEWAY);
    await meanwhile(program);
    return { program, answers };
  } finally {
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0, program.err);
  }
}

async function environmentOf(url: string): Promise<string> {
  return await (await fetch(`${url}/environment`)).text();
}

const ANSWERED = [
  /^400|HTTP\/1\.1 400/m,
  /^405 /m,
  /^413 /m,
  /^500 /m,
  /^502 /m,
  /^504 /m,
  /broke off/,
  /HTTP-request-denied/,
];
const PRETTY = [
  /GET \/trap 500 .*the guest trapped/,
  /GET \/spin 504/,
  /GET \/x 200/,
  /denied tcp-connect 169\.254\.169\.254:80/,
  /refused tcp:\/\/127\.0\.0\.1:9/,
  /shop\/all\S* \S+ out \| one/,
  /sick service restarting/,
  /shop replaced/,
];
const JSON_LINES = [
  /"path":"\/trap","status":500/,
  /"path":"\/spin","status":504/,
  /"path":"\/x"/,
  /"event":"denied"/,
  /"event":"refused"/,
  /"event":"guest-output"/,
  /"event":"guest-ended"/,
  /"state":"restarting"/,
  /"outcome":"replaced"/,
];

const SESSIONS: readonly (readonly [words: readonly string[], shows: readonly RegExp[]])[] = [
  [["serve"], PRETTY],
  [["serve", "--log", "json"], JSON_LINES],
  [["serve", "--log", "json", "--replicas", "2"], JSON_LINES],
  [["dev"], PRETTY],
  [["dev", "--log", "json"], JSON_LINES],
];

for (const [[command = "", ...flags], shows] of SESSIONS) {
  test(`secrets: loopgate ${[command, ...flags].join(" ")} prints and answers none`, async () => {
    const { program, answers } = await session([command, place("served"), ...flags], {
      isJson: flags.includes("json"),
    });
    assertSilent("stdout", program.out, shows);
    assertSilent("stderr", program.err, [/draining/i]);
    assertSilent("answers", answers, ANSWERED);
  });
}

const ADMIN_PATHS: readonly (readonly [path: string, shows: RegExp])[] = [
  ["/", /<html/],
  ["/workloads", /"lastFailure":\{/],
  ["/metrics", /loopgate_denied_total\{workload="shop"/],
  ["/readyz", /ready/],
  ["/healthz", /ok|healthy|alive/],
];

test("secrets: the admin listener and a collector of traces get none", async () => {
  const collector = await startOtlpReceiver();
  const words = ["serve", place("served"), "--admin", "127.0.0.1:0", "--otlp", collector.endpoint];
  await session(words, {
    isJson: false,
    async meanwhile(program) {
      const admin = await program.untilWritten(/Admin on (http:\S+)/);
      for (const [path, shows] of ADMIN_PATHS) {
        const response = await fetch(admin + path);
        assertSilent(path, `${JSON.stringify([...response.headers])} ${await response.text()}`, [shows]);
      }
    },
  });
  await collector.close();
  const names = ["GET /\\*", "guest", "connect", "resolve"];
  assertSilent("spans", JSON.stringify(collector.spans), names.map((name) => new RegExp(`"name":"${name}"`)));
});

const COMMANDS: readonly (readonly [words: readonly string[], exitCode: number, shows: RegExp])[] = [
  [["check", "served"], 0, /2 workloads, no fault/],
  [["check", "served", "--json"], 0, /"ok":true/],
  [["explain", "shop", "https://example.com", "--folder", "served"], 0, /allowed/],
  [["inspect", "served/shop/probe.wasm"], 0, /"component"/],
  [["inspect", "served/shop/probe.wasm", "--json"], 0, /"sha256"/],
  [["check", "broken"], 2, /\*{8}[^]*\d+ faults in \d files/],
  [["check", "broken", "--json"], 2, /"source":"[^\n]*\*{8}/],
  [["serve", "broken", "--listen", "127.0.0.1:0"], 2, /\*{8}[^]*\d+ faults in \d files/],
];

for (const [words, exitCode, shows] of COMMANDS) {
  test(`secrets: loopgate ${words.join(" ")} prints none`, async () => {
    await put("vault/db", `${FROM_FILE}\n`);
    const program = new Program([...COMMAND, ...words], { cwd: scratch, env: environment() });
    assert.equal(await program.ended, exitCode, program.err);
    assertSilent(words.join(" "), program.out + program.err, [shows]);
  });
}

test("secrets: the cache of a start holds none", async () => {
  const entries = await readdir(place("cache"), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  // On Deno only a start from the one file leaves something there, which a clone has or has not.
  assert.ok(files.length > 0 || IS_DENO);
  for (const { parentPath, name } of files) {
    const text = (await readFile(join(parentPath, name))).toString("latin1");
    assertSilent(`${parentPath}/${name}`, text, []);
  }
});
