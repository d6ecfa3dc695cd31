/** `jco serve`: jco's glue on its own preview2-shim. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pinned, ROOT } from "../../tools.ts";
import { freePort, type Peer, startServer } from "./peer.ts";

/** It runs on Node and keeps one instance. */
export const jco: Peer = {
  name: "jco serve",
  async missing({ service, mode }) {
    if (pinned("node") === undefined) return "node is not there";
    if (mode === "fresh") return "it keeps its instance";
    return service === undefined ? undefined : "it has no private loopback";
  },
  async start({ component }) {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), "loopgate-bench-"));
    const args = [
      join(ROOT, "node_modules/@bytecodealliance/jco/dist/jco.js"),
      "serve",
      component,
      "--port",
      String(port),
      "--jco-dir",
      folder,
    ];
    return await startServer(pinned("node") ?? "", args, {
      url: `http://127.0.0.1:${port}`,
      onStop: () => rmSync(folder, { recursive: true, force: true }),
    });
  },
};
