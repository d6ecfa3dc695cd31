/** A service that answers one HTTP request on each connection to port 8080 of its loopback, with the request's first line. */
import { type Job, PollLoop } from "../../lib/job.ts";
import { type Connection, listen } from "../../lib/tcp.ts";
import { decodeUtf8, encodeUtf8 } from "../../lib/utf8.ts";

export const run = {
  run(): void {
    const loop = new PollLoop(() => {});
    loop.start(serve(loop));
    loop.run();
  },
};

function* serve(loop: PollLoop): Job<void> {
  using listener = yield* listen(8080);
  for (;;) loop.start(answer(yield* listener.accept()));
}

function* answer(client: Connection): Job<void> {
  using connection = client;
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const part = yield* connection.reader.read();
    if (part === null) return;
    head += decodeUtf8(part) ?? "";
  }
  const [line = ""] = head.split("\r\n");
  const host = /\r\nhost: ([^\r]*)/i.exec(head)?.[1] ?? "none";
  const text = `${line} for ${host}`;
  const length = `content-length: ${text.length}`;
  yield* connection.writer.write(encodeUtf8(`HTTP/1.1 200 OK\r\nconnection: close\r\n${length}\r\n\r\n${text}`));
}
