/** Bodies in chunks of one byte, which take a hundred times their size to read, to guests that keep up with them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/http_harness.ts";
import { RawClient } from "../support/raw_client.ts";
import { startTurnWatch } from "../support/turn_watch.ts";

const CONNECTIONS = 6;
const CHUNKS = 40_000;
const HEAD = "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
/** Of one of the pieces that a socket is read in there are 10,900. */
const MANY_CHUNKS = 2_000;

test("chunks of one byte: of connections whose guests keep up one is read in a turn, and every body is whole", async () => {
  const { harness, begun, readers } = await startTurnWatch();
  const clients = Array.from({ length: CONNECTIONS }, () => new RawClient(harness.port).send(HEAD));
  await eventually(() => begun() === CONNECTIONS);
  for (const client of clients) client.send(`${"1\r\nx\r\n".repeat(CHUNKS)}0\r\n\r\n`);
  const answers = Promise.all(clients.map((client) => client.untilClosed()));
  const counts = await readers(answers, MANY_CHUNKS);
  for (const text of await answers) assert.match(text, new RegExp(`read ${CHUNKS}`));
  await harness.idle();
  await harness.close();
  // In the first turn the first pieces of all may have been there; what is a turn here may be parts of two.
  assert.ok(
    counts.filter((count) => count > 2).length <= 1,
    `connections that were read in a turn: ${counts.join(" ")}`,
  );
});
