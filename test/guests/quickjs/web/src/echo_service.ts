/** Sends back what it gets, to many clients at once. */
import { listen, type Service } from "loopgate/guest";

export default {
  async run() {
    for await (const connection of listen({ port: 7 })) {
      connection.readable.pipeTo(connection.writable).catch(console.error);
    }
  },
} satisfies Service;
