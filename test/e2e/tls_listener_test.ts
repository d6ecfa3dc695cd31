/**
 * What holds for the listener holds over TLS too: the same tests, with TLS under them. Deno's TLS does not, see `tls_test.ts`.
 * Those of `gateway_hostile_test.ts` pass as well, but a process that was client and listener of the first of them turns for ever
 * when it ends (Node 26.10, in `CleanupHandles`); a gateway whose clients are another process ends.
 */
import { speakTls } from "../support/transport.ts";

if (!("Deno" in globalThis)) {
  speakTls();
  for (const name of ["listener", "keep_alive"]) await import(`./gateway_${name}_test.ts`);
}
