/** Runs the table of what the web's globals do, within a guest. */
import type { Handler } from "loopgate/guest";
import { runChecks } from "./web_checks.ts";

export default {
  async fetch() {
    return Response.json(await runChecks());
  },
} satisfies Handler;
