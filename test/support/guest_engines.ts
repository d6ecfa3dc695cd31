/** The same guests in TypeScript on each engine. */
import type { ComponentName } from "./gateway_harness.ts";

interface EngineGuests {
  readonly engine: "QuickJS" | "StarlingMonkey";
  readonly app: ComponentName;
  readonly checks: ComponentName;
  readonly service: ComponentName;
}

export const GUEST_ENGINES: readonly EngineGuests[] = [
  { engine: "QuickJS", app: "web_app", checks: "web_checks", service: "echo_service" },
  {
    engine: "StarlingMonkey",
    app: "starling_web_app",
    checks: "starling_web_checks",
    service: "starling_echo_service",
  },
];
