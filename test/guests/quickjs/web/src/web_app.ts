/** A Hono application that does what a test asks for. */
import { connect, type ConnectOptions, listen, type ListenOptions, SocketError } from "loopgate/guest";
import { Hono } from "hono";

// What the build froze.
const first = { random: Math.random(), now: performance.now(), timeOrigin: performance.timeOrigin };

const app = new Hono<{ Bindings: Record<string, string> }>();

app.get("/hello/:name", (context) => context.text(`Hello ${context.req.param("name")}`));
app.get("/headers", (context) => context.json([...context.req.raw.headers]));
app.get("/env", (context) => context.json(context.env));
app.post("/json", async (context) => context.json({ got: await context.req.json<unknown>() }));
app.post("/echo", (context) => new Response(context.req.raw.body));
app.post("/length", async (context) => context.text(String((await context.req.arrayBuffer()).byteLength)));
app.post("/form", async (context) => {
  const { file, ...texts } = await context.req.parseBody();
  return context.json({ texts, file: file instanceof File ? [file.name, file.type, await file.text()] : file });
});
app.get("/state", (context) => {
  const random = Array.from({ length: 100 }, () => Math.random());
  const { timeOrigin } = performance;
  return context.json({ first, random, now: performance.now(), timeOrigin, today: Date.now() });
});
app.get("/wait/:ms", async (context) => {
  await new Promise((resolve) => setTimeout(resolve, Number(context.req.param("ms"))));
  return context.text("waited");
});
app.get("/later", (context) => {
  const later = new Promise<void>((resolve) => setTimeout(() => resolve(console.log("later")), 20));
  context.executionCtx.waitUntil(later);
  return context.text("now");
});
app.get("/fetch", async (context) => {
  try {
    const answer = await fetch(context.req.query("url") ?? "", { headers: { "x-asked-by": "a guest" } });
    return new Response(answer.body, answer);
  } catch (error) {
    const { name, message, cause } = error as Error;
    return context.json({ name, message, cause }, 502);
  }
});
app.post("/upload", async (context) => {
  const answer = await fetch(context.req.query("url") ?? "", { method: "POST", body: context.req.raw.body });
  return new Response(answer.body, answer);
});
app.get("/give-up", async (context) => {
  try {
    await fetch(context.req.query("url") ?? "", { signal: AbortSignal.timeout(50) });
    return context.text("answered");
  } catch (error) {
    return context.text((error as Error).name);
  }
});
app.get("/connect/:port", async (context) => {
  try {
    using connection = await connect({ port: Number(context.req.param("port")) });
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode("ping"));
    await writer.close();
    return context.text(await new Response(connection.readable).text());
  } catch (error) {
    return context.text(error instanceof SocketError ? error.code : String(error), 502);
  }
});
app.get("/arguments", async (context) => {
  const told: string[] = [];
  for (const given of [9000, {}, { port: 70_000 }, { port: "9" }, { hostname: "shop", port: 9 }]) {
    // What a program without types says.
    await connect(given as ConnectOptions).catch((error: unknown) => told.push(String(error)));
    try {
      listen(given as ListenOptions);
    } catch (error) {
      told.push(String(error));
    }
  }
  return context.json(told);
});
app.get("/writes/:port", async (context) => {
  using connection = await connect({ port: Number(context.req.param("port")) });
  const part = (letter: string): Uint8Array => new TextEncoder().encode(letter.repeat(100_000));
  const writes = ["a", "b", "c"].map((letter) => connection.write(part(letter)));
  await writes[0];
  writes.push(connection.write(part("d")));
  const writer = connection.writable.getWriter();
  writes.push(writer.write(part("e")));
  await Promise.all(writes);
  const ends = [connection.write(part("f")), connection.closeWrite()];
  const late = connection.write(part("g")).then(() => "written", (error: Error) => error.name);
  await Promise.all(ends);
  const answer = await new Response(connection.readable).text();
  const after = await connection.write(part("g")).then(() => "written", (error: Error) => error.name);
  return context.text(`${answer}, then ${await late} and ${after}`);
});
app.get("/throws-nothing-hono-knows", () => {
  throw "a text";
});
app.get("/broken", () => {
  let count = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      count += 1;
      if (count > 3) controller.error(new Error("the source broke"));
      else controller.enqueue(new TextEncoder().encode("part\n"));
    },
  });
  return new Response(body);
});
app.get("/never", () => new Promise<Response>(() => {}));
app.get("/timer-throws", async (context) => {
  setTimeout(() => {
    throw new RangeError("in a timer");
  }, 0);
  await new Promise((resolve) => setTimeout(resolve, 10));
  return context.text("went on");
});
app.get("/forbidden-header", () => new Response("x", { headers: { "x-ok": "1", connection: "close" } }));

export default app;
