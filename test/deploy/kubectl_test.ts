/** What the documents say to type for Kubernetes is typed, at a server that has as much of its API as kubectl needs. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { blocksOf, DocumentShell } from "../support/document_commands.ts";
import { ROOT } from "../support/program.ts";
import { ApiServer } from "./api_server.ts";

const HAS_KUBECTL = spawnSync("kubectl", ["version", "--client"]).status === 0;

function linesOf(document: string, heading: string): readonly string[] {
  return blocksOf(readFileSync(join(ROOT, document), "utf8"), heading)
    .flatMap(({ language, text }) => language === "" ? text.trim().split("\n") : [])
    .filter((line) => line.startsWith("kubectl "));
}

test("docs/deployment.md, docs/upgrading.md: kubectl applies the manifests, a new tag, and goes back", {
  skip: HAS_KUBECTL ? false : "there is no kubectl",
}, async () => {
  const api = await ApiServer.open();
  const shell = await DocumentShell.open({});
  const config = join(shell.folder, "config.json");
  const clusters = [{ name: "test", cluster: { server: api.url } }];
  const contexts = [{ name: "test", context: { cluster: "test", user: "test" } }];
  const users = [{ name: "test", user: {} }];
  writeFileSync(
    config,
    JSON.stringify({ apiVersion: "v1", kind: "Config", clusters, contexts, users, "current-context": "test" }),
  );
  cpSync(join(ROOT, "deploy"), join(shell.folder, "deploy"), { recursive: true });
  const type = async (line: string): Promise<string> => {
    const { exitCode, printed } = await shell.run(line, { HOME: shell.folder, KUBECONFIG: config });
    assert.equal(exitCode, 0, `${line}\n${printed}`);
    return printed;
  };
  const images = (): readonly string[] => {
    const [deployment] = api.of("Deployment");
    return [...JSON.stringify(deployment).matchAll(/"image":"([^"]+)"/g)].map(([, image = ""]) => image).toSorted();
  };
  try {
    const [, all = "", ...rest] = linesOf("docs/deployment.md", "Kubernetes");
    const early = await shell.run(all, { HOME: shell.folder, KUBECONFIG: config });
    assert.notEqual(early.exitCode, 0, "the namespace comes first, as the page says");
    api.objects.clear();
    for (const line of linesOf("docs/deployment.md", "Kubernetes").slice(0, 2)) await type(line);
    assert.match(await type(rest.join("\n")), /deployment "loopgate" successfully rolled out/);
    const kinds = ["Namespace", "Deployment", "Service", "ConfigMap", "HorizontalPodAutoscaler", "NetworkPolicy"];
    for (const kind of [...kinds, "PodDisruptionBudget"]) assert.equal(api.of(kind).length, 1, kind);
    const before = images();
    assert.ok(before.length > 1);

    const file = join(shell.folder, "deploy/kubernetes/deployment.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replaceAll(/(image: \S+\/loopgate):\S+/g, "$1:0.2.0"));
    const [apply = "", status = "", undo = "", ...more] = linesOf("docs/upgrading.md", "A new version");
    assert.deepEqual(more, []);
    await type(apply);
    await type(status);
    assert.ok(images().some((image) => image.endsWith(":0.2.0")), images().join());
    assert.notDeepEqual(images(), before);
    assert.match(await type(undo), /rolled back/);
    assert.deepEqual(images(), before);
  } finally {
    await api.close();
    await shell.close();
  }
});
