/** Every setting of `serve` is a flag, a variable and a key of `gateway.jsonc`, and the three say the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { parseCommand } from "../../src/cli/args.ts";
import {
  type Setting,
  SETTING_NAMES,
  type SettingName,
  SETTINGS,
  settingsOfVariables,
} from "../../src/config/settings.ts";

const fail = (variable: string): never => assert.fail(variable);

/** What each says in a file, and as the words of a flag; a list is one flag for each, and one variable. */
const SAME: { readonly [Name in SettingName]: readonly [inFile: unknown, texts: readonly string[]] } = {
  listen: ["127.0.0.1:80", ["127.0.0.1:80"]],
  admin: ["[::1]:8081", ["[::1]:8081"]],
  log: ["json", ["json"]],
  logLevel: ["warn", ["warn"]],
  otlp: ["http://127.0.0.1:4318", ["http://127.0.0.1:4318"]],
  traceRatio: [0.25, ["0.25"]],
  traceTo: [["*.Example.com.", "10.0.0.5"], ["*.Example.com.", "10.0.0.5"]],
  resolver: [["192.0.2.53", "192.0.2.54:5353"], ["192.0.2.53", "192.0.2.54:5353"]],
  ca: ["a.pem", ["a.pem"]],
  replicas: [3, ["3"]],
  watch: [false, ["off"]],
  startWith: ["sound", ["sound"]],
};

for (const name of SETTING_NAMES) {
  test(`SETTINGS.${name}: the file, the variable and the flag say the same`, () => {
    const { schema, variable, flag, form }: Setting<unknown> = SETTINGS[name];
    const [inFile, texts] = SAME[name];
    const value: unknown = v.parse(schema, inFile);
    assert.deepEqual(settingsOfVariables({ [variable]: texts.join(",") }, [name], fail), { [name]: value });
    const words = form === "switch" ? [`--no-${flag.slice(2)}`] : texts.flatMap((text) => [flag, text]);
    const command = parseCommand(["serve", "w", ...words]);
    assert.ok(command.kind === "serve");
    assert.deepEqual(command.settings, { [name]: value });
  });
}
