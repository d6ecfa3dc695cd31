import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSocketAddress } from "../base/ip_address.ts";
import { GATEWAY_FILE } from "./gateway_definition.ts";
import { entriesOf } from "./schema_tree.ts";
import {
  type Setting,
  SETTING_NAMES,
  SETTINGS,
  type Settings,
  settingsOfVariables,
  textFaultWords,
  unknownVariables,
} from "./settings.ts";

function read(variables: Readonly<Record<string, string>>): Settings {
  return settingsOfVariables(variables, SETTING_NAMES, (variable, fault) => {
    throw new Error(`${variable} ${textFaultWords(fault)}`);
  });
}

const BAD: readonly (readonly [variable: string, text: string, sentence: RegExp])[] = [
  ["LOOPGATE_LISTEN", "8080", /^LOOPGATE_LISTEN "8080": it has no host, expected host:port/],
  ["LOOPGATE_ADMIN", "http://a:1", /^LOOPGATE_ADMIN "http:\/\/a:1": it is a URL, expected host:port/],
  ["LOOPGATE_LOG", "jsno", /^LOOPGATE_LOG "jsno", expected pretty or json/],
  ["LOOPGATE_REPLICAS", "0", /^LOOPGATE_REPLICAS "0", expected a number from 1 to 256/],
  ["LOOPGATE_REPLICAS", "2 ", /expected a number from 1 to 256/],
  ["LOOPGATE_REPLICAS", "0x2", /expected a number from 1 to 256/],
  ["LOOPGATE_WATCH", "no", /^LOOPGATE_WATCH "no", expected on or off/],
  ["LOOPGATE_RESOLVER", "192.0.2.53,dns.example", /^LOOPGATE_RESOLVER "dns\.example": it is no address/],
  ["LOOPGATE_RESOLVER", "192.0.2.53,", /^LOOPGATE_RESOLVER "": it is no address/],
  ["LOOPGATE_CA", "a\0b", /it is no path, expected the path of a PEM file/],
];
for (const [variable, text, sentence] of BAD) {
  test(`settingsOfVariables: refuses ${variable}=${JSON.stringify(text)}`, () => {
    assert.throws(() => read({ [variable]: text }), { message: sentence });
  });
}

test("settingsOfVariables: each setting, and an empty variable is none", () => {
  const { resolver, ...others } = read({
    LOOPGATE_LISTEN: "[::1]:0",
    LOOPGATE_ADMIN: "",
    LOOPGATE_LOG: "json",
    LOOPGATE_REPLICAS: "4",
    LOOPGATE_WATCH: "OFF",
    LOOPGATE_RESOLVER: "192.0.2.53:5353, [2001:db8::53]:53",
    LOOPGATE_CA: "certs/ca.pem",
    PATH: "/bin",
  });
  assert.deepEqual(others, {
    listen: { host: "::1", port: 0 },
    log: "json",
    replicas: 4,
    watch: false,
    ca: "certs/ca.pem",
  });
  assert.deepEqual(resolver?.map(formatSocketAddress), ["192.0.2.53:5353", "[2001:db8::53]:53"]);
});

test("settingsOfVariables: the variable that all programs read counts where ours is not set, and is named", () => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = "http://collector:4318";
  assert.deepEqual(read({ OTEL_EXPORTER_OTLP_ENDPOINT }), { otlp: OTEL_EXPORTER_OTLP_ENDPOINT });
  const LOOPGATE_OTLP = "https://other/base";
  assert.deepEqual(read({ OTEL_EXPORTER_OTLP_ENDPOINT, LOOPGATE_OTLP }), { otlp: LOOPGATE_OTLP });
  const named = (variable: string): never => {
    throw new Error(variable);
  };
  const wrong = { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" };
  assert.throws(() => settingsOfVariables(wrong, ["otlp"], named), /^Error: OTEL_EXPORTER_OTLP_ENDPOINT$/);
});

const REFUSED: readonly (readonly [name: "otlp" | "traceRatio" | "traceTo", text: string])[] = [
  ["otlp", "127.0.0.1:4318"],
  ["otlp", "grpc://127.0.0.1:4317"],
  ["otlp", "http://user:secret@127.0.0.1:4318"],
  ["otlp", "http://127.0.0.1:4318/?key=secret"],
  ["traceRatio", "1.1"],
  ["traceRatio", "-0.1"],
  ["traceRatio", "10%"],
  ["traceTo", "http://a.example"],
  ["traceTo", "a.*.example"],
  ["traceTo", "*.10.0.0.5"],
  ["traceTo", ""],
];

for (const [name, text] of REFUSED) {
  test(`SETTINGS.${name} refuses ${JSON.stringify(text)}, and shows no secret`, () => {
    const answer = SETTINGS[name].read([text]);
    assert.ok(!("value" in answer));
    assert.ok(!JSON.stringify(answer).includes("user:"));
  });
}

test("settingsOfVariables: those that a command does not have count for nothing there", () => {
  const fail = (variable: string): never => assert.fail(variable);
  assert.deepEqual(settingsOfVariables({ LOOPGATE_REPLICAS: "many", LOOPGATE_LOG: "json" }, ["log"], fail), {
    log: "json",
  });
});

test("SETTINGS: every one is a key of gateway.jsonc, and flag, variable and key have the same words", () => {
  const keys = Object.keys(entriesOf(GATEWAY_FILE));
  for (const name of SETTING_NAMES) {
    const { flag, variable }: Setting<unknown> = SETTINGS[name];
    assert.ok(keys.includes(name), name);
    const words = name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
    assert.equal(flag, `--${words.join("-")}`);
    assert.equal(variable, `LOOPGATE_${words.join("_").toUpperCase()}`);
  }
});

test("unknownVariables: the nearest one is named; those of others are passed over", () => {
  assert.deepEqual(
    unknownVariables({
      LOOPGATE_LISTN: "a:1",
      LOOPGATE_NONSENSE_OF_SOMEBODY: "1",
      LOOPGATE_LISTEN: "a:1",
      LOOPGATE_CACHE: "off",
      // Of a service "loopgate" in Kubernetes.
      LOOPGATE_SERVICE_HOST: "10.0.0.1",
      LOOPGATE_SERVICE_PORT_HTTP: "80",
      LOOPGATE_PORT: "tcp://10.0.0.1:80",
      LOOPGATE_PORT_80_TCP_ADDR: "10.0.0.1",
      LOOPGATE_ADMIN_SERVICE_HOST: "10.0.0.1",
      loopgate_listen: "a:1",
    }),
    [
      "LOOPGATE_LISTN is no variable of the gateway, so it is ignored; did you mean LOOPGATE_LISTEN?",
      "LOOPGATE_NONSENSE_OF_SOMEBODY is no variable of the gateway, so it is ignored",
    ],
  );
});
