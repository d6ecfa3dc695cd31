/**
 * A network of its own for the bench: on Linux everything runs in a network namespace that has only `lo`, so load cannot
 * leave the machine whatever a server does, and an address that is not the loopback's is there for servers to fetch from.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { outputOf } from "./load_generator.ts";

/** Of the namespace's `lo`; of the range for benchmarks (RFC 2544), which policies take for a private one. */
const ADDRESS = "198.18.0.1";
const VARIABLE = "LOOPGATE_BENCH_ADDRESS";
const SETUP = `ip link set lo up && ip address add ${ADDRESS}/32 dev lo`;
const UNSHARE = ["--map-root-user", "--net", "--", "sh", "-c"] as const;

/** The address that is only there in the bench's own network; undefined outside of it. */
export function ownAddress(): string | undefined {
  return process.env[VARIABLE];
}

/** Runs this program once more, in a network of its own, and returns its exit code; undefined where that cannot be. */
export async function runInOwnNetwork(env: Readonly<Record<string, string>>): Promise<number | undefined> {
  const tried = await outputOf("unshare", [...UNSHARE, `${SETUP} && echo made`]);
  if (tried?.trim().endsWith("made") !== true) return undefined;
  const child = spawn(
    "unshare",
    [...UNSHARE, `${SETUP} && exec "$@"`, "sh", process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { env: { ...process.env, ...env, [VARIABLE]: ADDRESS }, stdio: "inherit" },
  );
  const [code] = await once(child, "exit") as [number | null];
  return code ?? 1;
}
