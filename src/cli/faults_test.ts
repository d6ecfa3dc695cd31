import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopgateError } from "../base/errors.ts";
import { coloursFor } from "./colours.ts";
import { reportFault } from "./faults.ts";

const REASONS = ["EADDRINUSE", "EACCES", "EADDRNOTAVAIL", "EIO"] as const;

for (const [fault, flag, other] of [["LG5001", "--listen", "--admin"], ["LG5002", "--admin", "--listen"]] as const) {
  for (const code of REASONS) {
    test(`reportFault: ${fault} for ${code} names ${flag}, which moves that listener`, () => {
      const cause = Object.assign(new Error("refused by the system"), { code });
      const { text, exitCode } = reportFault(new LoopgateError(fault, "Cannot listen", { cause }), coloursFor(false));
      const [head, fix = "", ...rest] = text.split("\n");
      assert.equal(head, `error[${fault}]: Cannot listen`);
      assert.match(fix, /^fix: /);
      assert.ok(fix.includes(`${flag} `), fix);
      assert.ok(!fix.includes(other), fix);
      assert.deepEqual(rest, [""]);
      assert.equal(exitCode, 2);
    });
  }
}
