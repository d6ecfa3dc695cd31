/** A listener whose guests read what comes as soon as it is there, and how many of them do in one turn of the event loop. */
import { nextEventLoopTurn } from "../../src/base/event_loop_turn.ts";
import type { HandlerExchange } from "../../src/instance/handler_exchange.ts";
import { answer, type HarnessOptions, type HttpHarness, startHarness } from "./http_harness.ts";

/** Such a listener. */
export interface TurnWatch {
  readonly harness: HttpHarness;
  /** Guests that have begun. */
  readonly begun: () => number;
  /** How many of them have read more than `bytesMin` in each turn, up to the end of `work`. */
  readonly readers: (work: Promise<unknown>, bytesMin: number) => Promise<readonly number[]>;
}

/** Its answers say how many bytes a body had: `read 5`. */
export async function startTurnWatch(options?: HarnessOptions): Promise<TurnWatch> {
  let begun = 0;
  const inTurn = new Map<HandlerExchange, number>();
  const harness = await startHarness(async (exchange) => {
    begun++;
    const { body } = exchange;
    let total = 0;
    for (let part = body.read(65_536); part instanceof Uint8Array; part = body.read(65_536)) {
      total += part.length;
      inTurn.set(exchange, (inTurn.get(exchange) ?? 0) + part.length);
      if (part.length === 0) await new Promise<void>((resolve) => void body.onReady(resolve));
    }
    answer(exchange, 200, `read ${total}`);
    return undefined;
  }, options);
  return {
    harness,
    begun: () => begun,
    readers: async (work, bytesMin) => {
      const counts: number[] = [];
      const watching = { isDone: false };
      const done = (): void => void (watching.isDone = true);
      work.then(done, done);
      while (!watching.isDone) {
        inTurn.clear();
        await new Promise<void>((resolve) => nextEventLoopTurn(resolve));
        counts.push([...inTurn.values()].filter((bytes) => bytes > bytesMin).length);
      }
      return counts.filter((count) => count > 0);
    },
  };
}
