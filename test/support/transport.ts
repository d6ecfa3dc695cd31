/** Whether the listeners and clients of tests speak in plain or over TLS: so that the same tests hold for both. */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { HeldBackWire, holdBack } from "../../src/server/held_back_wire.ts";
import { Secret } from "../../src/base/secret.ts";
import type { TlsIdentity } from "../../src/workload/spec.ts";

let isTls = false;

/** From now on over TLS; before the tests are imported. */
export function speakTls(): void {
  isTls = true;
}

/** A certificate of `test/fixtures/tls`, whose keys guard nothing. */
export function testIdentity(name: "good" | "stranger" | "nameless" | "expired" = "good"): TlsIdentity {
  return { certificate: testPem(name), key: new Secret(testPem(`${name}.key`)) };
}

/** A file of `test/fixtures/tls`. */
export function testPem(name: string): string {
  return readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), "utf8");
}

/** What a listener is to serve with. */
export function listenerIdentities(): readonly TlsIdentity[] | undefined {
  return isTls ? [testIdentity()] : undefined;
}

/** A connection to this machine; bytes that are written before it is open wait. */
export function connectTo(port: number): Socket {
  if (!isTls) return connect(port, "127.0.0.1");
  const raw = connect(port, "127.0.0.1");
  // Deno's own goes on reading when it is paused.
  const wire = "Deno" in globalThis ? new HeldBackWire(raw) : undefined;
  const socket = connectTls({ socket: wire ?? raw, ca: testPem("ca"), servername: "good.test" });
  if (wire !== undefined) {
    holdBack(socket, wire);
    // As over a socket of the system, which ends when the other side has.
    socket.on("end", () => socket.end());
  }
  // A reset is TCP's.
  socket.resetAndDestroy = () => {
    // Not now: Node does not survive that within a callback of the socket.
    setImmediate(() => {
      raw.resetAndDestroy();
      socket.destroy();
    });
    return socket;
  };
  raw.on("error", () => {});
  return socket;
}

/** Of a listener's URL. */
export function schemeOfTests(): "http" | "https" {
  return isTls ? "https" : "http";
}
