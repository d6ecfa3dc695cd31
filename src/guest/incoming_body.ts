/** The body of a message that comes in, opened when somebody reads it. */
import type { ByteSource } from "./byte_source.ts";
import { StreamSource } from "./byte_streams.ts";
import type { IncomingBody } from "./wasi/http_types.ts";

/** What has a body: an incoming request or response. */
export interface IncomingMessage extends Disposable {
  consume(): IncomingBody;
}

/** A source that also drops the message it is from. */
export interface MessageSource extends ByteSource {
  /** Drops the message; a body that is being read is ended. */
  close(): void;
}

/** Takes the message over. */
export function incomingBody(message: IncomingMessage): MessageSource {
  let source: StreamSource | undefined;
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    source?.cancel();
    message[Symbol.dispose]();
  };
  return {
    read() {
      if (isClosed && source === undefined) return Promise.resolve(null);
      source ??= open(message);
      return source.read();
    },
    cancel: close,
    close,
  };
}

function open(message: IncomingMessage): StreamSource {
  const body = message.consume();
  return new StreamSource(body.stream(), () => body[Symbol.dispose]());
}
