/** What holds for the listener holds over TLS too: the same tests, with TLS under them. */
import { speakTls } from "../support/transport.ts";

speakTls();
for (const name of ["listener", "keep_alive", "hostile", "smuggling"]) await import(`./gateway_${name}_test.ts`);
