/** `upstream_server.ts <host> <port>`: answers every request with a few bytes. */
import { createServer } from "node:http";
import process from "node:process";

const [host, port] = process.argv.slice(2);
createServer((request, response) => {
  request.resume();
  response.end("hello from upstream\n");
}).listen(Number(port), host);
process.on("SIGTERM", () => process.exit(0));
