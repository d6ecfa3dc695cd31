/**
 * A process of clients that ask for an answer and never read it: `slow_clients.ts <port> <count>`. One process cannot
 * hold both ends of ten thousand connections.
 */
import { connect } from "node:net";
import process from "node:process";

const [port = 0, count = 0] = process.argv.slice(2).map(Number);
for (let opened = 0; opened < count; opened++) {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  // In step with the listener: a burst of SYNs would wait for retransmissions.
  if (opened % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 10));
}
setInterval(() => {}, 60_000);
