import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { resetSocket, resetSocketNow } from "../../src/base/reset_socket.ts";

/** More than the buffers between two sockets take. */
const UNREAD_BYTES = 30_000_000;
const ENDED_BYTES = [undefined, 0, 10, UNREAD_BYTES];
const CASES = [resetSocket, resetSocketNow].flatMap((reset) => ENDED_BYTES.map((bytes) => ({ reset, bytes })));
for (const { reset, bytes } of CASES) {
  const before = bytes === undefined ? "open" : `its end behind ${bytes} bytes is on its way`;
  test(`${reset.name}: the socket closes: ${before}`, async () => {
    const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
    const server = createServer({ allowHalfOpen: true }, resolve);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.on("error", () => {}).pause();
    const socket = await accepted;
    const closed = new Promise((done) => socket.on("close", done));
    // What nobody reads keeps only a reset from happening that waits for it.
    if (reset === resetSocketNow) socket.write(new Uint8Array(UNREAD_BYTES));
    if (bytes !== undefined) socket.end(new Uint8Array(bytes));
    reset(socket);
    await closed;
    client.destroy();
    await new Promise((done) => server.close(done));
  });
}
