/** Runs one script of a connection, from its first byte to the end of both sides. */
import type { TcpConnection } from "../network/tcp_connection.ts";
import type { AttemptLog, LiveAttempt } from "./attempts.ts";
import { TcpPeer } from "./tcp_peer.ts";
import type { TcpScript } from "./tcp_script.ts";
import type { TestTime } from "./test_time.ts";

/** What a talk needs. */
export interface TalkOptions {
  readonly connection: TcpConnection;
  readonly script: Extract<TcpScript, { readonly kind: "tcp" }>;
  /** How it is called when it throws. */
  readonly where: string;
  /** Before its first byte. */
  readonly delayMs: number;
  readonly time: TestTime;
  readonly attempts: AttemptLog;
  readonly attempt: LiveAttempt | undefined;
}

/** Never rejects: what a script throws is told by the next check of the test. */
export async function runTalk(options: TalkOptions): Promise<void> {
  const { connection, script, where, delayMs, time, attempts, attempt } = options;
  let leave = time.enter();
  let waits = 0;
  // Whoever waits for the guest or for time does nothing by itself, however many waits it has.
  const wait = async <T>(promise: Promise<T>): Promise<T> => {
    if (waits++ === 0) leave();
    try {
      return await promise;
    } finally {
      if (--waits === 0) leave = time.enter();
    }
  };
  const peer = new TcpPeer({ connection, clock: time.clock, attempt, wait });
  try {
    if (delayMs > 0) await peer.wait(delayMs);
    await script.talk(peer);
    peer.end();
    while (await peer.read() !== undefined);
    peer.close();
  } catch (error) {
    attempts.fault(where, error);
    peer.reset();
  } finally {
    leave();
  }
}
