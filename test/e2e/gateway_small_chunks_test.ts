/** Bodies in chunks of one byte, which take a hundred times their size to read, to guests that keep up with them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextEventLoopTurn } from "../../src/base/event_loop_turn.ts";
import type { HandlerExchange } from "../../src/instance/handler_exchange.ts";
import { eventually, startHarness } from "../support/http_harness.ts";
import { RawClient } from "../support/raw_client.ts";

const CONNECTIONS = 6;
const CHUNKS = 40_000;
const HEAD = "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
/** Of one of the pieces that a socket is read in there are 10,900. */
const MANY_CHUNKS = 2_000;

/** Reads all that there is as soon as it is there, and answers with how much it was. */
async function countBody(exchange: HandlerExchange, onBytes: (bytes: number) => void): Promise<void> {
  const { body } = exchange;
  let total = 0;
  for (let part = body.read(65_536); part instanceof Uint8Array; part = body.read(65_536)) {
    total += part.length;
    onBytes(part.length);
    if (part.length === 0) await new Promise<void>((resolve) => void body.onReady(resolve));
  }
  const sink = exchange.respond({ status: 200, headers: [] });
  sink.write(new TextEncoder().encode(`read ${total}`));
  sink.finish(undefined);
}

test("chunks of one byte: of connections whose guests keep up one is read in a turn, and every body is whole", async () => {
  let begun = 0;
  /** What each guest has read in this turn. */
  const inTurn = new Map<HandlerExchange, number>();
  const harness = await startHarness(async (exchange) => {
    begun++;
    await countBody(exchange, (bytes) => inTurn.set(exchange, (inTurn.get(exchange) ?? 0) + bytes));
    return undefined;
  });
  const body = `${"1\r\nx\r\n".repeat(CHUNKS)}0\r\n\r\n`;
  const clients = Array.from({ length: CONNECTIONS }, () => new RawClient(harness.port).send(HEAD));
  await eventually(() => begun === CONNECTIONS);
  for (const client of clients) client.send(body);
  const answers = Promise.all(clients.map((client) => client.untilClosed()));
  const readers: number[] = [];
  const watching = { isDone: false };
  void answers.then(() => (watching.isDone = true), () => (watching.isDone = true));
  while (!watching.isDone) {
    inTurn.clear();
    await new Promise<void>((resolve) => nextEventLoopTurn(resolve));
    readers.push([...inTurn.values()].filter((bytes) => bytes > MANY_CHUNKS).length);
  }
  const texts = await answers;
  await harness.idle();
  await harness.close();
  for (const text of texts) assert.match(text, new RegExp(`read ${CHUNKS}`));
  // In the first turn the first pieces of all may have been there; what is a turn here may be parts of two.
  const crowded = readers.filter((count) => count > 2);
  assert.ok(
    crowded.length <= 1,
    `connections that were read in a turn: ${readers.filter((count) => count > 0).join(" ")}`,
  );
});
