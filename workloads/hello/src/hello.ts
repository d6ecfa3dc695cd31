/** The smallest handler: greets, and says where. */
import type { Handler } from "loopgate/guest";

export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    return new Response(`Hello from Loopgate at ${pathname}\n`);
  },
} satisfies Handler;
