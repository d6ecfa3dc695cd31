/** `hono_server.ts <port>`: one route, the answer of the Rust guest, by Hono over node:http. */
import { createServer } from "node:http";
import process from "node:process";
import { Hono } from "hono";

const app = new Hono();
app.get("/", (context) => context.text("nothing at /"));

createServer((request, response) => {
  void answer(request.url ?? "/", request.method ?? "GET").then(async (answered) => {
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(Buffer.from(await answered.arrayBuffer()));
  });
}).listen(Number(process.argv[2]), "127.0.0.1");

async function answer(url: string, method: string): Promise<Response> {
  return await app.fetch(new Request(`http://127.0.0.1${url}`, { method }));
}
