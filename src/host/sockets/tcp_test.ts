import { test } from "node:test";
import { TCP_CONTRACT } from "../../../test/support/tcp_contract.ts";
import { HOST_DRIVER } from "../../../test/support/tcp_host_driver.ts";

for (const { name, run } of TCP_CONTRACT) {
  test(`wasi:sockets/tcp: ${name}`, async () => {
    await run(HOST_DRIVER);
  });
}
