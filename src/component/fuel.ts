/**
 * The fuel of one instance, as far as the engine has a part in it: it tells the meter when the guest runs, and charges
 * what host calls cost, for a guest that loops over dear host calls spends little fuel of its own.
 */
import type { GuestMeter } from "./guest_meter.ts";
import { FUEL_PER_TICK } from "./instrument/instrumented_module.ts";

/** What one host call costs beside what it lifts and lowers, in bytes that could have been copied in its time. */
export const HOST_CALL_BYTES = 1024;
/** So much work of the host, and the guest's modules have to ask the meter: about 10 to 50 us. */
export const HOST_BYTES_PER_TICK = 65_536;

/** The meter of an instance, and what its modules have left. */
export class Fuel {
  readonly meter: GuestMeter;
  /** The `fuel` globals of the core instances. */
  readonly #globals: WebAssembly.Global[] = [];
  #hostBytes = 0;
  #isRunning = false;
  /** The guest has called the host (or another component) since `reset`. */
  hasCalled = false;

  constructor(meter: GuestMeter) {
    this.meter = meter;
  }

  /** Takes over what a new core instance has. */
  add(global: WebAssembly.Global): void {
    this.#globals.push(global);
  }

  /** The guest runs from here, or the host on its behalf. */
  run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.meter.resume();
  }

  /** The guest waits from here, or has ended. */
  rest(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.meter.pause();
  }

  /** Charges work of the host. */
  charge(bytes: number): void {
    this.hasCalled = true;
    this.#hostBytes += bytes;
    // The next charge of each module asks the meter.
    if (this.#hostBytes >= HOST_BYTES_PER_TICK) this.#fill(0);
  }

  /** As in a new instance. */
  reset(): void {
    this.#fill(FUEL_PER_TICK);
    this.hasCalled = false;
  }

  #fill(fuel: number): void {
    this.#hostBytes = 0;
    for (const global of this.#globals) global.value = fuel;
  }
}
