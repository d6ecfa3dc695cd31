/** A service that says its name to everybody who connects, and ends the way MODE says. */
import { getEnvironment } from "wasi:cli/environment@0.2.10";
import { exit } from "wasi:cli/exit@0.2.10";
import { type Job, PollLoop, sleep } from "../../lib/job.ts";
import { log } from "../../lib/log.ts";
import { type Connection, listen } from "../../lib/tcp.ts";
import { encodeUtf8 } from "../../lib/utf8.ts";

export const run = {
  run(): void {
    const env = new Map(getEnvironment());
    const mode = env.get("MODE") ?? "serve";
    if (mode === "return") return;
    if (mode === "fail" && !env.has("HOLD")) throw undefined;
    const loop = new PollLoop((error) => {
      throw error;
    });
    const name = env.get("NAME") ?? "nobody";
    const holdsMax = Number(env.get("HOLD") ?? "0");
    loop.start(holdsMax > 0 ? hold(name, mode, holdsMax) : greetAll(loop, name, mode));
    loop.run();
  },
};

function* greetAll(loop: PollLoop, name: string, mode: string): Job<void> {
  if (mode === "never") yield* sleep(3_600_000);
  if (mode === "late") yield* sleep(200);
  using listener = yield* listen(7777);
  log(`${name} listens`);
  if (mode === "trap") throw new Error("the service breaks");
  for (;;) {
    const connection = yield* listener.accept();
    if (mode.startsWith("leave-")) return yield* leave(connection, name, mode);
    loop.start(greet(connection, name));
    // What was listening has to be free again at once.
    if (mode === "once") throw new Error("one client was enough");
  }
}

/** Greets, keeps every connection open, and ends with all of them when there are `holdsMax`. */
function* hold(name: string, mode: string, holdsMax: number): Job<void> {
  using listener = yield* listen(7777);
  const held: Connection[] = [];
  while (held.length < holdsMax) {
    const connection = yield* listener.accept();
    yield* connection.writer.write(encodeUtf8(name));
    held.push(connection);
  }
  end(mode);
}

/** One of the ways in which a service dies. */
function end(mode: string): void {
  if (mode === "exit") exit({ tag: "ok" });
  if (mode === "exit-err") exit({ tag: "err" });
  if (mode === "fail") throw undefined;
  if (mode === "trap") throw new Error("with clients still there");
  if (mode === "memory") takeMemory();
}

function takeMemory(): never {
  const taken: Uint8Array[] = [];
  for (;;) taken.push(new Uint8Array(1_048_576).fill(1));
}

function* greet(connection: Connection, name: string): Job<void> {
  using client = connection;
  yield* client.writer.write(encodeUtf8(name));
}

/** Ends with the connection still open: what its peer sees is up to the host. */
function* leave(connection: Connection, name: string, mode: string): Job<void> {
  yield* connection.writer.write(encodeUtf8(name));
  if (mode === "leave-exit") exit({ tag: "ok" });
  if (mode === "leave-exit-err") exit({ tag: "err" });
  if (mode === "leave-fail") throw undefined;
  if (mode === "leave-trap") throw new Error("with a client still there");
}
