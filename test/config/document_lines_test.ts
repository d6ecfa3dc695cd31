/**
 * Every command that a document shows in a block is typed by a test, or stands here with the reason why it is not. Whoever
 * shows a new one adds it to a test and to this list. What programs print stands in blocks of "text".
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commandLines, DOCUMENTS, SERVING_LINE } from "../support/document_commands.ts";
import { ROOT } from "../support/program.ts";

const ASK_READY = "curl -f --retry 20 --retry-delay 1 --retry-connrefused http://127.0.0.1:8081/readyz";

/** Lines by document and test. Those that serve, of all documents, are typed by `test/e2e/document_serves_test.ts`. */
const TYPED: Readonly<Record<string, Readonly<Record<string, readonly string[] | "all">>>> = {
  "README.md": {
    "test/e2e/quick_start_document_test.ts": [
      "alias loopgate='node ~/loopgate/scripts/run.mjs loopgate'",
      "mkdir ~/apps && cd ~/apps",
      "loopgate new hi",
      "curl http://127.0.0.1:8080/hi",
      "mkdir api && cp handler.wasm api/",
      `echo '{ "match": { "path": "/api/*" }, "component": "handler.wasm" }' > api/all.route.jsonc`,
      "npm run -s loopgate -- explain service-tcp 10.1.0.7:5432 --route task",
    ],
  },
  "docs/authoring.md": {
    "test/e2e/quick_start_document_test.ts": [
      "loopgate new shop --template service-tcp",
      `curl -d '{"payload":"hello edge"}' http://127.0.0.1:8080/task`,
    ],
    "test/e2e/document_blocks_test.ts": [
      "alias loopgate='node ~/loopgate/scripts/run.mjs loopgate'",
      "alias loopgate='deno run -A ~/loopgate/scripts/run.mjs loopgate'",
    ],
  },
  "docs/deployment.md": {
    "test/e2e/deployed_service_test.ts": [
      "npm pack ~/loopgate",
      "npm install --global ./loopgate-0.1.0.tgz",
      "npm install --global componentize-qjs@0.4.5 rolldown@1.3.2",
      "loopgate new hi",
      "loopgate build .",
      "loopgate check .",
      "curl -f http://127.0.0.1:8081/readyz",
      "curl -f http://127.0.0.1:8080/hi",
      "cp -r ~/apps /srv/loopgate",
      'cd "$(npm root --global)/loopgate/deploy/systemd"',
      "cp loopgate.conf /usr/lib/sysusers.d/ && systemd-sysusers",
      "cp loopgate.service /etc/systemd/system/",
      "systemctl daemon-reload && systemctl enable --now loopgate",
      ASK_READY,
    ],
    "test/deploy/kubectl_test.ts": [
      "kubectl apply -f deploy/kubernetes/namespace.yaml",
      "kubectl apply -f deploy/kubernetes",
      "kubectl -n loopgate rollout status deployment/loopgate",
    ],
    "test/e2e/package_test.ts": [
      "deno run --allow-net --allow-read --allow-env --allow-sys=networkInterfaces,uid node_modules/.bin/loopgate serve workloads",
    ],
    "test/e2e/document_blocks_test.ts": ["DENO_V8_FLAGS=--no-memory-reducer,--no-allocation-site-pretenuring"],
  },
  "docs/languages.md": { "test/e2e/languages_document_test.ts": "all" },
  "docs/operating.md": {
    "test/e2e/operating_document_test.ts": [
      "curl -s http://127.0.0.1:8081/readyz",
      "curl -s http://127.0.0.1:8081/metrics | grep requests_total",
    ],
  },
  "docs/tls.md": {
    "test/e2e/document_blocks_test.ts": [
      "mkdir certs",
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost " +
      "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout certs/key.pem -out certs/chain.pem",
      "curl --cacert certs/chain.pem https://127.0.0.1:8443/hi",
      "curl --http2 --cacert certs/chain.pem https://127.0.0.1:8443/hi",
    ],
  },
  "docs/upgrading.md": {
    "test/e2e/deployed_service_test.ts": [
      "npx --yes --package=./loopgate-0.2.0.tgz loopgate check /srv/loopgate",
      "npm install --global ./loopgate-0.2.0.tgz",
      "npm install --global ./loopgate-0.1.0.tgz",
      "systemctl restart loopgate",
      ASK_READY,
    ],
    "test/deploy/kubectl_test.ts": [
      "kubectl apply -f deploy/kubernetes/deployment.yaml",
      "kubectl -n loopgate rollout status deployment/loopgate",
      "kubectl -n loopgate rollout undo deployment/loopgate",
    ],
  },
  "docs/virtualize.md": { "test/e2e/document_blocks_test.ts": "all" },
  "docs/volumes.md": {
    "test/e2e/volumes_document_test.ts": ["loopgate new notes", "mkdir notes/data", "loopgate build", "loopgate check"],
    "test/e2e/document_blocks_test.ts": ["loopgate run report.wasm --dir sources::/in --dir-write out::/out"],
  },
};

const NO_BASE =
  "takes the base image of Node, which is in no registry of packages; its steps run in test/e2e/package_test.ts";

/** Why a line is typed by no test. */
const NOT_TYPED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "docs/deployment.md": {
    "loopgate build ~/apps": "is `loopgate build .`, which is typed, from elsewhere",
    "podman build --format docker -f deploy/Containerfile -t loopgate:0.1.0 .": NO_BASE,
    "podman build --format docker -f deploy/workloads.Containerfile -t workloads:1 ~/apps": NO_BASE,
    "podman run --read-only --cap-drop all -p 8080:8080 workloads:1": NO_BASE,
    "curl http://127.0.0.1:8080/hi": NO_BASE,
  },
  "docs/testing.md": {
    "npm pack ~/loopgate": "is the first line of docs/deployment.md, which is typed",
    "npm install --save-dev ./loopgate-0.1.0.tgz @types/node":
      "test/e2e/package_test.ts installs the file so; the newest types of any day would fail on another",
  },
};

const SHOWN = commandLines().filter(({ line }) => !SERVING_LINE.test(line));

for (const file of DOCUMENTS) {
  test(`${file}: each of its commands is typed by a test, or is said not to be`, () => {
    const shown = new Set(SHOWN.filter((each) => each.file === file).map(({ line }) => line));
    const typed = Object.values(TYPED[file] ?? {});
    const listed = [...typed.flatMap((lines) => lines === "all" ? [] : lines), ...Object.keys(NOT_TYPED[file] ?? {})];
    assert.deepEqual(listed.filter((line) => !shown.has(line)), [], "it does not show them any more");
    if (typed.includes("all")) return;
    assert.deepEqual([...shown].filter((line) => !listed.includes(line)), [], "no test types them");
  });
}

test("documents: the tests that type their commands read them from there", () => {
  for (const [file, tests] of Object.entries(TYPED)) {
    for (const path of Object.keys(tests)) {
      const text = readFileSync(join(ROOT, path), "utf8");
      assert.ok(text.includes(file) || text.includes("commandLines("), `${path} does not speak of ${file}`);
    }
  }
});

test("documents: a block of commands has no language, and what is printed has one", () => {
  const shells = DOCUMENTS.filter((file) =>
    /^```(?:sh|bash|shell|console)$/m.test(readFileSync(join(ROOT, file), "utf8"))
  );
  assert.deepEqual(shells, []);
});
