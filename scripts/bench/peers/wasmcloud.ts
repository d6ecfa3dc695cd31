/** wasmCloud's development host, where `wash` of version 2 is on the path (or named by LOOPGATE_BENCH_WASH): `wash dev` in a project of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { outputOf } from "../load_generator.ts";
import { freePort, type Peer, startServer } from "./peer.ts";

/** Its name has the version. */
export async function wasmcloud(): Promise<Peer> {
  const file = process.env["LOOPGATE_BENCH_WASH"] ?? "wash";
  const version = (await outputOf(file, ["--version"]))?.trim().split(" ")[1];
  return {
    name: version === undefined ? "wasmcloud" : `wasmcloud ${version}`,
    async missing({ mode }) {
      if (version === undefined) return "no wash on the path";
      return mode === "reuse" ? "it has no setting for that" : undefined;
    },
    async start({ component, service }) {
      const address = `127.0.0.1:${await freePort()}`;
      const folder = mkdtempSync(join(tmpdir(), "loopgate-bench-"));
      mkdirSync(join(folder, ".wash"));
      // JSON is YAML. It wants a command that builds, and there is nothing to build.
      const config = {
        build: { command: "true", component_path: component },
        dev: { address, ...(service !== undefined && { service_file: service }) },
      };
      writeFileSync(join(folder, ".wash/config.yaml"), JSON.stringify(config));
      return await startServer(file, ["dev"], {
        url: `http://${address}`,
        cwd: folder,
        onStop: () => rmSync(folder, { recursive: true, force: true }),
      });
    },
  };
}
