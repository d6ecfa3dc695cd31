/** What streams of `node:http2` tell and do, on which HTTP/2 on the listener would stand: a change here changes its design. */
import assert from "node:assert/strict";
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { test } from "node:test";
import {
  collectFrames,
  FLAG,
  FRAME,
  frame,
  GET,
  POST,
  PREFACE,
  type SeenFrame,
  uint32,
} from "../support/http2_frames.ts";

const CANCEL = 8;
const INTERNAL_ERROR = 2;
const WHOLE = FLAG.endHeaders | FLAG.endStream;
const ZERO_WINDOWS = Buffer.from([0, 4, 0, 0, 0, 0]);

interface Talk {
  readonly client: Socket;
  readonly seen: readonly SeenFrame[];
  readonly session: () => ServerHttp2Session;
}

/** Serves streams with `serve` while a client `talk`s. */
async function withServer(
  serve: (stream: ServerHttp2Stream) => void,
  talk: (talk: Talk) => Promise<void>,
  settings: Uint8Array = new Uint8Array(),
): Promise<void> {
  let session: ServerHttp2Session | undefined;
  const server = createServer();
  server.on("session", (opened) => {
    session = opened;
    opened.on("error", () => {});
  });
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => {});
    serve(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => {});
  const seen = collectFrames(client);
  client.write(PREFACE);
  client.write(frame(FRAME.settings, 0, 0, settings));
  try {
    await talk({
      client,
      seen,
      session: () => {
        assert.ok(session);
        return session;
      },
    });
  } finally {
    client.destroy();
    session?.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }
}

/** Waits until it is so; the runner's own limit ends a wait for nothing. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function framesOf(seen: readonly SeenFrame[], type: number): readonly SeenFrame[] {
  return seen.filter((each) => each.type === type);
}

for (const code of [CANCEL, 0]) {
  test(`upstream: a body that the client breaks off with the code ${code} ends as a whole one does, after \`aborted\``, async () => {
    const told: string[] = [];
    await withServer((stream) => {
      for (const name of ["aborted", "end"]) stream.on(name, () => void told.push(name));
      stream.on("data", (bytes: Uint8Array) => void told.push(`${bytes.length} bytes`));
    }, async ({ client }) => {
      client.write(frame(FRAME.headers, FLAG.endHeaders, 1, POST));
      client.write(frame(FRAME.data, 0, 1, new Uint8Array(5)));
      await until(() => told.length === 1);
      client.write(frame(FRAME.reset, 0, 1, uint32(code)));
      await until(() => told.includes("end"));
    });
    // So `end` alone must not be read as the end of a body.
    assert.deepEqual(told, ["5 bytes", "aborted", "end"]);
  });
}

test("upstream: an answer that is broken off has no END_STREAM, also where the client has no window", async () => {
  for (const settings of [new Uint8Array(), ZERO_WINDOWS]) {
    await withServer((stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.write("abc");
      setImmediate(() => stream.close(INTERNAL_ERROR));
    }, async ({ client, seen }) => {
      client.write(frame(FRAME.headers, WHOLE, 1, GET));
      await until(() => framesOf(seen, FRAME.reset).length > 0);
      assert.deepEqual(Buffer.from(framesOf(seen, FRAME.reset)[0]?.payload ?? []), Buffer.from(uint32(INTERNAL_ERROR)));
      const ending = seen.filter(({ type, flags }) => type <= FRAME.headers && (flags & FLAG.endStream) !== 0);
      assert.deepEqual(ending, []);
    }, settings);
  }
});

test("upstream: a stream that nobody reads leaves its neighbours on the connection their room", async () => {
  let received = 0;
  await withServer((stream) => {
    stream.on("data", (bytes: Uint8Array) => {
      if (stream.id === 3) received += bytes.length;
    });
    if (stream.id === 1) stream.pause();
  }, async ({ client, seen }) => {
    client.write(frame(FRAME.headers, FLAG.endHeaders, 1, POST));
    client.write(frame(FRAME.headers, FLAG.endHeaders, 3, POST));
    const room = new Uint8Array(16_000);
    for (let count = 0; count < 4; count++) client.write(frame(FRAME.data, 0, 1, room));
    // The window of the connection is used up but for 1,535 bytes: without an update nothing of this may be sent.
    await until(() => framesOf(seen, FRAME.windowUpdate).some(({ stream }) => stream === 0));
    client.write(frame(FRAME.data, 0, 3, room));
    await until(() => received === room.length);
  });
});

test("upstream: what is read of a connection is told while its session has it, frames that say nothing included", async () => {
  const steps = 10_000;
  await withServer(() => {}, async ({ client, seen, session }) => {
    await until(() => framesOf(seen, FRAME.settings).length > 0);
    const step = frame(FRAME.windowUpdate, 0, 0, uint32(1));
    const before = session().socket.bytesRead;
    for (let count = 0; count < steps; count++) client.write(step);
    await until(() => session().socket.bytesRead - before >= steps * step.length);
  });
});

test("upstream: a session that is being closed lets its streams finish and takes no new one", async () => {
  const streams: ServerHttp2Stream[] = [];
  await withServer((stream) => {
    streams.push(stream);
    stream.respond({ ":status": 200 });
    stream.write("a");
  }, async ({ client, seen, session }) => {
    client.write(frame(FRAME.headers, WHOLE, 1, GET));
    await until(() => framesOf(seen, FRAME.data).length > 0);
    session().close();
    await until(() => framesOf(seen, FRAME.goaway).length > 0);
    const before = session().socket.bytesRead;
    client.write(frame(FRAME.headers, WHOLE, 3, GET));
    await until(() => session().socket.bytesRead > before);
    streams[0]?.end("z");
    await until(() => client.readableEnded || client.destroyed);
    assert.equal(streams.length, 1);
    const last = framesOf(seen, FRAME.data).at(-1);
    assert.deepEqual([last?.stream, (last?.flags ?? 0) & FLAG.endStream], [1, FLAG.endStream]);
  });
});
