/**
 * The service: answers each line with its leet form, for many clients at once.
 * A line ends with "\n" (a "\r" before it is part of the line and comes back too); the last one may go without.
 * Lines may come many at a time. A line longer than LINE_BYTES_MAX gets one error line and the end of its connection.
 */
import { type Job, PollLoop, sleep } from "../../lib/job.ts";
import { Lines } from "../../lib/lines.ts";
import { log } from "../../lib/log.ts";
import { StreamLost } from "../../lib/streams.ts";
import { type Connection, listen, SocketError } from "../../lib/tcp.ts";
import { encodeUtf8 } from "../../lib/utf8.ts";
import { leet } from "./leet.ts";

const PORT = 7777;
/** Bounds what one client can make the service keep; the terminator does not count. */
const LINE_BYTES_MAX = 65_536;
const TOO_LONG = encodeUtf8(`error: a line is longer than ${LINE_BYTES_MAX} bytes\n`);
/** After a failed accept, so that a lasting failure does not become a busy loop. */
const ACCEPT_RETRY_MS = 100;

const loop = new PollLoop((error) => {
  // A client that goes away in the middle is nothing to report; anything else is.
  if (!(error instanceof StreamLost)) log(`A client's job failed: ${String(error)}`);
});

/** Takes clients for ever. */
function* acceptAll(): Job<void> {
  using listener = yield* listen(PORT);
  for (;;) {
    try {
      loop.start(answerLines(yield* listener.accept()));
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      log(error.message);
      yield* sleep(ACCEPT_RETRY_MS);
    }
  }
}

/** One client, until it ends. Nothing more is read from one that does not take its answers. */
function* answerLines(connection: Connection): Job<void> {
  using client = connection;
  const lines = new Lines(LINE_BYTES_MAX);
  for (;;) {
    const chunk = yield* client.reader.read();
    if (chunk === null) break;
    const { bytes, isTooLong } = lines.push(chunk);
    yield* client.writer.write(leet(bytes));
    if (isTooLong) {
      yield* client.writer.write(TOO_LONG);
      return;
    }
  }
  yield* client.writer.write(leet(lines.rest()));
}

export const run = {
  run(): void {
    loop.start(acceptAll());
    loop.run();
    // No listener, nothing to serve. `run: func() -> result` fails by throwing its error, which has no value;
    // the gateway then starts the service again.
    throw undefined;
  },
};
