/** What `deploy` says of ports, paths and times is what the gateway has, and those who read such files find no fault in them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigDocument } from "../../src/config/document.ts";
import { ROUTE_FILE } from "../../src/config/definition.ts";
import { checkDocument } from "../../src/config/faults.ts";
import { GATEWAY_FILE } from "../../src/config/gateway_definition.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { LISTENER_LIMITS } from "../../src/server/listener_limits.ts";
import { ROOT } from "../support/program.ts";
import { bytesOf, deployTools, runTool, stepsOf, yamlOf } from "./manifests.ts";

const FOLDER = join(ROOT, "deploy/kubernetes");
const MANIFESTS = globSync("*.yaml", { cwd: FOLDER }).toSorted();
const tools = await deployTools();
const skip = "missing" in tools ? tools.missing : false;
const toolsFolder = "folder" in tools ? tools.folder : "";

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly securityContext: unknown;
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly startupProbe?: Probe;
}

interface Deployment {
  readonly spec: {
    readonly selector: { readonly matchLabels: unknown };
    readonly template: {
      readonly metadata: { readonly labels: unknown };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly automountServiceAccountToken: boolean;
        readonly securityContext: unknown;
        readonly initContainers: readonly Container[];
        readonly containers: readonly [Container];
        readonly volumes: readonly {
          readonly configMap?: {
            readonly name: string;
            readonly items: readonly { readonly key: string; readonly path: string }[];
          };
        }[];
      };
    };
  };
}

const documents = skip === false ? await yamlOf(toolsFolder, MANIFESTS.map((name) => join(FOLDER, name))) : [];

function manifest(name: string): unknown {
  return documents[MANIFESTS.indexOf(`${name}.yaml`)];
}

function pod(): Deployment["spec"]["template"]["spec"] {
  return (manifest("deployment") as Deployment).spec.template.spec;
}

test("deploy: the manifests are those of Kubernetes, without a field that it does not know", { skip }, async () => {
  const files = MANIFESTS.map((name) => join(FOLDER, name));
  const { code, output } = await runTool(toolsFolder, "kubernetes-validate", ["--strict", "--quiet", ...files]);
  assert.equal(code, 0, output);
});

for (const file of ["deploy/Containerfile", "deploy/workloads.Containerfile"]) {
  test(`deploy: hadolint has nothing to say of ${file}`, { skip }, async () => {
    const { code, output } = await runTool(toolsFolder, "hadolint", [file]);
    assert.equal(code, 0, output);
  });
}

test("deploy: nothing runs as root, nothing can be written to but what is meant to be", { skip }, () => {
  const { securityContext, automountServiceAccountToken, initContainers, containers } = pod();
  assert.deepEqual(securityContext, {
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 1000,
    seccompProfile: { type: "RuntimeDefault" },
  });
  assert.equal(automountServiceAccountToken, false);
  for (const { name, securityContext: own } of [...initContainers, ...containers]) {
    assert.deepEqual(
      own,
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
      name,
    );
  }
  assert.match(readFileSync(join(ROOT, "deploy/Containerfile"), "utf8"), /^USER 1000:1000$/m);
});

test("deploy: ports and probes are those of the listeners", { skip }, () => {
  const { containers: [gateway] } = pod();
  const ports = new Map(gateway.ports?.map(({ name, containerPort }) => [name, containerPort]));
  const env = new Map(gateway.env.map(({ name, value }) => [name, value]));
  assert.equal(env.get(SETTINGS.listen.variable), `0.0.0.0:${ports.get("http")}`);
  assert.equal(env.get(SETTINGS.admin.variable), `0.0.0.0:${ports.get("admin")}`);
  assert.deepEqual(gateway.readinessProbe?.httpGet, { path: "/readyz", port: "admin" });
  assert.deepEqual(gateway.livenessProbe?.httpGet, { path: "/healthz", port: "admin" });
  assert.deepEqual(gateway.startupProbe?.httpGet, { path: "/healthz", port: "admin" });
  const service = manifest("service") as { spec: { ports: readonly [{ targetPort: string }] } };
  assert.equal(service.spec.ports[0].targetPort, "http");
  const policy = manifest("network_policy") as {
    spec: { ingress: readonly { from?: unknown; ports: readonly [{ port: string }] }[] };
  };
  for (const { from, ports: [{ port }] } of policy.spec.ingress) {
    assert.ok(ports.has(port));
    assert.equal(from === undefined, port === "http", "only the port of clients is open to all");
  }
});

test("deploy: a pod has the time that a drain takes, in a unit of systemd too", { skip }, () => {
  const { terminationGracePeriodSeconds, containers: [{ lifecycle }] } = pod();
  const gateway = gatewayFile();
  const drainMs = gateway.listener?.drainTimeout ?? LISTENER_LIMITS.drainTimeoutMs;
  const waitS = lifecycle?.preStop.sleep.seconds ?? 0;
  assert.ok(waitS > 0 && terminationGracePeriodSeconds >= waitS + drainMs / 1000 + 5);
  const unit = readFileSync(join(ROOT, "deploy/systemd/loopgate.service"), "utf8");
  const stopS = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]);
  assert.ok(stopS >= LISTENER_LIMITS.drainTimeoutMs / 1000 + 5);
});

test(
  "deploy: the files of the ConfigMap are files that the gateway takes, and all of them are mounted",
  { skip },
  () => {
    const { metadata, data } = files();
    const { volumes } = pod();
    const mounted = volumes.flatMap(({ configMap }) => configMap === undefined ? [] : [configMap]);
    assert.deepEqual(mounted.map(({ name }) => name), [metadata.name]);
    assert.deepEqual(
      mounted.flatMap(({ items }) => items.map(({ key }) => key)).toSorted(),
      Object.keys(data).toSorted(),
    );
    for (const { key, path } of mounted.flatMap(({ items }) => items)) {
      assert.equal(path.replaceAll("/", "."), key, "a key is the path with points");
      if (key === "gateway.jsonc") continue;
      const route = checkDocument(new ConfigDocument(path, data[key] ?? ""), ROUTE_FILE);
      assert.deepEqual(route.diagnostics, []);
    }
    gatewayFile();
  },
);

test("deploy: the memory of a pod has room for that of all guests and for the gateway", { skip }, () => {
  const { containers: [{ resources }] } = pod();
  const guests = gatewayFile().process?.memory ?? 0;
  assert.ok(guests > 0 && bytesOf(resources.limits.memory) >= guests + 256 * 1024 * 1024);
});

test("deploy: what refers to the pods finds them", { skip }, () => {
  const { spec: { selector, template } } = manifest("deployment") as Deployment;
  const labels = template.metadata.labels;
  assert.deepEqual(selector.matchLabels, labels);
  const service = manifest("service") as { spec: { selector: unknown } };
  const budget = manifest("disruption_budget") as {
    spec: { minAvailable: number; selector: { matchLabels: unknown } };
  };
  const policy = manifest("network_policy") as { spec: { podSelector: { matchLabels: unknown } } };
  const scaler = manifest("autoscaler") as {
    spec: { minReplicas: number; scaleTargetRef: { kind: string; name: string } };
  };
  assert.deepEqual(service.spec.selector, labels);
  assert.deepEqual(budget.spec.selector.matchLabels, labels);
  assert.deepEqual(policy.spec.podSelector.matchLabels, labels);
  assert.deepEqual(scaler.spec.scaleTargetRef, { apiVersion: "apps/v1", kind: "Deployment", name: "loopgate" });
  assert.ok(budget.spec.minAvailable < scaler.spec.minReplicas, "a node can be emptied");
});

test("deploy: the health check and the variables of the image go together", () => {
  const text = readFileSync(join(ROOT, "deploy/Containerfile"), "utf8");
  const admin = new RegExp(`${SETTINGS.admin.variable}=(\\S+)`).exec(text)?.[1] ?? "";
  const health = stepsOf("deploy/Containerfile").find(({ name }) => name === "CMD" || name === "HEALTHCHECK");
  assert.match(admin, /^127\.0\.0\.1:\d+$/);
  assert.ok(health?.words.at(-1)?.includes(`http://${admin}/healthz`));
  const port = new RegExp(`${SETTINGS.listen.variable}=0\\.0\\.0\\.0:(\\d+)`).exec(text)?.[1];
  assert.match(text, new RegExp(`^EXPOSE ${port}$`, "m"));
});

const HAS_SYSTEMD = spawnSync("systemd-analyze", ["--version"]).status === 0;

test("deploy: systemd takes the unit", { skip: HAS_SYSTEMD ? false : "there is no systemd-analyze" }, () => {
  const unit = join(ROOT, "deploy/systemd/loopgate.service");
  const { stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
  // The command of the unit need not be installed here.
  assert.deepEqual(stderr.split("\n").filter((line) => line !== "" && !line.includes("is not executable")), []);
  const security = spawnSync("systemd-analyze", ["security", "--offline=true", "--threshold=20", unit], {
    encoding: "utf8",
  });
  assert.equal(security.status, 0, security.stdout);
});

function files(): { metadata: { name: string }; data: Readonly<Record<string, string>> } {
  return manifest("files") as { metadata: { name: string }; data: Readonly<Record<string, string>> };
}

function gatewayFile() {
  const { data } = files();
  const { value, diagnostics } = checkDocument(
    new ConfigDocument("gateway.jsonc", data["gateway.jsonc"] ?? ""),
    GATEWAY_FILE,
  );
  assert.deepEqual(diagnostics, []);
  return value ?? assert.fail();
}
