/** Processor time of requests, in a process of its own: `guests_worker.ts <folder>`. Prints one JSON object: the values of all rounds, by workload. */
import { readdirSync } from "node:fs";
import process from "node:process";
import { createGateway } from "../../src/mod.ts";

const ROUNDS = 7;
/** Not counted: the compiler reaches its best tier. */
const ROUNDS_WARM = 2;
const REQUESTS = 60;

const [folder = ""] = process.argv.slice(2);
const gateway = await createGateway({ folder });
const rounds: Record<string, number[]> = {};
for (const name of readdirSync(folder).toSorted()) rounds[name] = [];
// One after the other in each round: what else the machine does meets all of them.
for (let at = 0; at < ROUNDS_WARM + ROUNDS; at++) {
  for (const [name, values] of Object.entries(rounds)) {
    const before = process.cpuUsage();
    for (let count = 0; count < REQUESTS; count++) await ask(name);
    const { user, system } = process.cpuUsage(before);
    if (at >= ROUNDS_WARM) values.push((user + system) / REQUESTS);
  }
}
console.log(JSON.stringify(rounds));
process.exit(0);

async function ask(name: string): Promise<void> {
  const url = `http://${name}.example/task${name.startsWith("hono") ? "/edge" : ""}`;
  const init = name.startsWith("page") ? { method: "POST", body: '{"payload":"Hello from Loopgate"}' } : {};
  const response = await gateway.fetch(new Request(url, init));
  const text = await response.text();
  if (response.status !== 200) throw new Error(`Cannot measure ${name}: ${response.status} ${text}`);
}
