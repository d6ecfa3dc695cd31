/** What holds for the listener holds over TLS too: the same tests, with TLS under them. Deno's TLS does not, see `tls_test.ts`. */
import { speakTls } from "../support/transport.ts";

if (!("Deno" in globalThis)) {
  speakTls();
  for (const name of ["listener", "hostile", "keep_alive"]) await import(`./gateway_${name}_test.ts`);
}
