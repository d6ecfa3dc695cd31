import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { resetSocket } from "../../src/server/reset_socket.ts";

const ENDED_BYTES = [undefined, 0, 10, 30_000_000];
for (const bytes of ENDED_BYTES) {
  const before = bytes === undefined ? "open" : `its end behind ${bytes} bytes is on its way`;
  test(`resetSocket: the socket closes: ${before}`, async () => {
    const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
    const server = createServer({ allowHalfOpen: true }, resolve);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.on("error", () => {}).pause();
    const socket = await accepted;
    const closed = new Promise((done) => socket.on("close", done));
    if (bytes !== undefined) socket.end(new Uint8Array(bytes));
    resetSocket(socket);
    await closed;
    client.destroy();
    await new Promise((done) => server.close(done));
  });
}
