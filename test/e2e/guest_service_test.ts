/** The line service of the sample and its Rust twin, with clients that no handler could be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestBytes, hasGuests } from "../support/guests.ts";
import { eventually } from "../support/http_harness.ts";
import { type LoopbackService, startLoopbackService } from "../support/loopback_service.ts";

const LINE_BYTES_MAX = 65_536;
const TOO_LONG = `error: a line is longer than ${LINE_BYTES_MAX} bytes\n`;
const LONGEST = "x".repeat(LINE_BYTES_MAX);

const CONVERSATIONS: readonly { readonly name: string; readonly sent: readonly string[]; readonly answer: string }[] = [
  { name: "a line", sent: ["Hello from Loopgate\n"], answer: "H3110 fr0m 100pg473\n" },
  { name: "pipelined lines, terminators as they came", sent: ["as\r\nit\n\n\r\nte"], answer: "45\r\n17\n\n\r\n73" },
  { name: "a line in pieces", sent: ["l", "e", "e", "t\n"], answer: "1337\n" },
  { name: "a last line without newline", sent: ["salt"], answer: "5417" },
  { name: "nothing at all", sent: [], answer: "" },
  { name: "bytes that are no text", sent: ["\xff\x00\xc3a\xa9\n"], answer: "\xff\x00\xc34\xa9\n" },
  { name: "the longest line", sent: [LONGEST, "\n", "o\n"], answer: `${LONGEST}\n0\n` },
  { name: "a line too long", sent: ["ok\n", `${LONGEST}x\n`], answer: `0k\n${TOO_LONG}` },
  { name: "a line too long that has not ended", sent: [`ok\n${LONGEST}x`], answer: `0k\n${TOO_LONG}` },
];

for (
  const name of ["sample_service_leet", "starling_service_leet", "rust_service_leet"].filter((name) => hasGuests(name))
) {
  let service: LoopbackService;

  test(`${name}: listens`, async () => {
    service = await startLoopbackService(await guestBytes(name), { port: 7777 });
  });

  for (const { name: what, sent, answer } of CONVERSATIONS) {
    test(`${name}: ${what}`, async () => {
      const client = await service.connect();
      for (const part of sent) {
        await client.write(Buffer.from(part, "latin1"));
        // Lets the service see the pieces one by one.
        await new Promise(setImmediate);
      }
      client.shutdownSend();
      assert.equal(Buffer.from(await client.readToEnd()).toString("latin1"), answer);
      client.close();
    });
  }

  test(`${name}: 300 clients at once, each with its own answers`, async () => {
    const clients = await Promise.all(Array.from({ length: 300 }, () => service.connect()));
    await Promise.all(clients.map((client, number) => client.write(Buffer.from(`client ${number}\n`))));
    for (const [number, client] of clients.entries()) {
      const expected = `c113n7 ${number}\n`;
      assert.equal(Buffer.from(await client.readAtLeast(expected.length)).toString(), expected);
      client.close();
    }
  });

  test(`${name}: one that reads nothing is not read from without end, and hinders nobody`, async () => {
    const greedy = await service.connect();
    const lines = Buffer.from(`${"a".repeat(1023)}\n`.repeat(64));
    let taken = 0;
    let refusals = 0;
    await eventually(() => {
      const now = greedy.writeNow(lines);
      taken += now;
      refusals = now === 0 ? refusals + 1 : 0;
      return refusals === 10;
    });
    // Both windows and what the service holds between them.
    assert.ok(taken < 2 ** 20, `the service took ${taken} bytes without an answer being read`);
    const other = await service.connect();
    await other.write(Buffer.from("still here\n"));
    assert.equal(Buffer.from(await other.readAtLeast(11)).toString(), "57111 h3r3\n");
    other.close();
    greedy.reset();
  });

  test(`${name}: outlives clients that break off`, async () => {
    for (let round = 0; round < 20; round++) {
      const client = await service.connect();
      await client.write(Buffer.from("half a li"));
      if (round % 2 === 0) client.reset();
      else client.close();
    }
    const client = await service.connect();
    await client.write(Buffer.from("alive\n"));
    assert.equal(Buffer.from(await client.readAtLeast(6)).toString(), "411v3\n");
    client.close();
  });

  test(`${name}: leaves nothing behind and wrote no line`, async () => {
    assert.equal(service.output(), "");
    assert.deepEqual(await service.stop(), {});
  });
}
