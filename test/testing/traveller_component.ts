/** The guest that tries to reach what its request says, in a world of scripts. */
import { testComponent, type TestComponentOptions, type TestedComponent } from "../../src/testing/mod.ts";
import { componentBytes } from "../support/gateway_harness.ts";
import type { Step } from "../support/traveller.ts";

export type { Step } from "../support/traveller.ts";

export async function openTraveller(options: TestComponentOptions): Promise<TestedComponent> {
  return await testComponent(await componentBytes("traveller"), options);
}

/** What came of each step. */
export async function travel(component: TestedComponent, ...steps: readonly Step[]): Promise<unknown> {
  const response = await component.fetch("/", { method: "POST", body: JSON.stringify(steps) });
  return await response.json();
}

/** 192.0.2.7, as the guest wants it. */
export const SEVEN = [192, 0, 2, 7];
