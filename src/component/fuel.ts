/**
 * The fuel of one instance, as far as the engine has a part in it: it tells the meter when the guest runs, and charges
 * what host calls cost, for a guest that loops over dear host calls spends little fuel of its own.
 */
import type { GuestMeter } from "./guest_meter.ts";
import { FUEL_PER_TICK } from "./instrument/instrumented_module.ts";

/** What one host call costs beside what it lifts and lowers, in bytes that could have been copied in its time. */
export const HOST_CALL_BYTES = 1024;
/** What growing a memory costs besides: the runtime maps pages, and tells everybody who has a view of the old ones. */
export const GROW_BYTES = 8192;
/** What making a core instance costs beside its module's bytes, which stand for its exports and elements. */
export const INSTANCE_BYTES = 4096;
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
  /** The meter is to be asked: by the next charge of a module, or by a host function that can wait, whichever comes first. */
  isDue = false;

  constructor(meter: GuestMeter) {
    this.meter = meter;
  }

  /** Takes over what a new core instance has. */
  add(global: WebAssembly.Global): void {
    this.#globals.push(global);
    global.value = this.#share;
  }

  /**
   * Shares the fuel of one tick among the modules: a guest with a thousand of them would else have it a thousand times, and
   * nobody would be asked meanwhile. Whoever asks gets a whole tick's on top.
   */
  level(): void {
    // Most have one that matters.
    if (this.#globals.length > 1) this.#fill(this.#share);
  }

  get #share(): number {
    return Math.floor(FUEL_PER_TICK / this.#globals.length);
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

  /** Charges a call into the host. */
  call(bytes: number): void {
    this.hasCalled = true;
    this.charge(bytes);
  }

  /** Charges work of the host. */
  charge(bytes: number): void {
    this.#hostBytes += bytes;
    if (this.#hostBytes < HOST_BYTES_PER_TICK) return;
    this.#hostBytes = 0;
    this.#fill(0);
    this.isDue = true;
  }

  /** The core instances are there. */
  settle(): void {
    this.#hostBytes = 0;
    this.isDue = false;
    this.#fill(this.#share);
  }

  /** As in a new instance. */
  reset(): void {
    this.settle();
    this.hasCalled = false;
  }

  #fill(fuel: number): void {
    for (const global of this.#globals) global.value = fuel;
  }
}
