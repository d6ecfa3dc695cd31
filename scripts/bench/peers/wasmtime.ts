/** `wasmtime serve`, where a wasmtime is on the path (or named by LOOPGATE_BENCH_WASMTIME). */
import process from "node:process";
import { outputOf } from "../load_generator.ts";
import { freePort, type Peer, startServer } from "./peer.ts";

/** What its documentation names for instances that are kept. */
const REUSE_COUNT = 100;

/** Its name has the version. */
export async function wasmtime(): Promise<Peer> {
  const file = process.env["LOOPGATE_BENCH_WASMTIME"] ?? "wasmtime";
  const version = (await outputOf(file, ["--version"]))?.trim().split(" ")[1];
  return {
    name: version === undefined ? "wasmtime serve" : `wasmtime serve ${version}`,
    async missing({ service }) {
      if (version === undefined) return "no wasmtime on the path";
      return service === undefined ? undefined : "it has no private loopback";
    },
    async start({ component, mode }) {
      const port = await freePort();
      const reuse = mode === "reuse" ? ["--max-instance-reuse-count", String(REUSE_COUNT)] : [];
      const args = ["serve", "-Scli,inherit-network", ...reuse, "--addr", `127.0.0.1:${port}`, component];
      return await startServer(file, args, { url: `http://127.0.0.1:${port}` });
    },
  };
}
