/**
 * The service: answers each line with its leet form, for many clients at once.
 * A line ends with "\n" (a "\r" before it is part of the line and comes back too); the last one may go without.
 * Lines may come many at a time. A line longer than LINE_BYTES_MAX gets one error line and the end of its connection.
 */
import { type Connection, ConnectionLost, listen, type Service } from "loopgate/guest";
import { leet } from "./leet.ts";
import { Lines } from "./lines.ts";

const PORT = 7777;
/** Bounds what one client can make the service keep; the terminator does not count. */
const LINE_BYTES_MAX = 65_536;
const TOO_LONG = new TextEncoder().encode(`error: a line is longer than ${LINE_BYTES_MAX} bytes\n`);

export default {
  async run() {
    for await (const connection of listen({ port: PORT })) {
      // Not awaited: the next client is served at the same time.
      answerLines(connection).catch((error: unknown) => {
        // A client that goes away in the middle is nothing to report; anything else is.
        if (!(error instanceof ConnectionLost)) console.error("A client's connection failed:", error);
      });
    }
  },
} satisfies Service;

/** One client, until it ends. Nothing more is read from one that does not take its answers. */
async function answerLines(connection: Connection): Promise<void> {
  using client = connection;
  const lines = new Lines(LINE_BYTES_MAX);
  for await (const chunk of client.readable) {
    const { bytes, isTooLong } = lines.push(chunk);
    await client.write(leet(bytes));
    if (isTooLong) {
      await client.write(TOO_LONG);
      return;
    }
  }
  await client.write(leet(lines.rest()));
}
