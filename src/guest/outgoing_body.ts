/** Sends a body's bytes, as they come and as fast as the other side takes them. */
import type { BodyContent } from "./body.ts";
import { sourceOf } from "./byte_source.ts";
import { StreamSink } from "./byte_streams.ts";
import { wasiError } from "./wasi_error.ts";
import { OutgoingBody } from "./wasi/http_types.ts";

/** How a body is sent. */
export interface SendOptions {
  /** Is told what broke before the message is cut: the host may end a request, and this guest, as soon as it is. */
  readonly beforeCut?: (error: unknown) => void;
}

/**
 * Sends everything and finishes the body. When it cannot, the body is dropped unfinished, which cuts the message, so
 * that nobody takes a half for the whole; the source is told.
 * @throws ConnectionLost when the other side is gone; whatever the source throws
 */
export async function sendBody(
  body: OutgoingBody,
  content: BodyContent,
  { beforeCut }: SendOptions = {},
): Promise<void> {
  const sink = new StreamSink(body.write());
  try {
    await sendContent(sink, content);
    sink.close();
  } catch (error) {
    beforeCut?.(error);
    sink.close();
    body[Symbol.dispose]();
    throw error;
  }
  try {
    OutgoingBody.finish(body, undefined);
  } catch (error) {
    throw new TypeError(`Cannot finish the body: ${JSON.stringify(wasiError(error))}`, { cause: error });
  }
}

async function sendContent(sink: StreamSink, content: BodyContent): Promise<void> {
  if (content.tag === "none") return;
  if (content.tag === "bytes") return await sink.write(content.bytes);
  const source = content.tag === "source" ? content.source : sourceOf(content.stream);
  try {
    for (let bytes = await source.read(); bytes !== null; bytes = await source.read()) await sink.write(bytes);
  } catch (error) {
    source.cancel(error);
    throw error;
  }
}
