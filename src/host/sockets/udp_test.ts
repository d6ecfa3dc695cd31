import { test } from "node:test";
import { UDP_CONTRACT } from "../../../test/support/udp_contract.ts";
import { UDP_HOST_DRIVER } from "../../../test/support/udp_host_driver.ts";

for (const udpCase of UDP_CONTRACT) {
  test(`wasi:sockets/udp: ${udpCase.name}`, async () => {
    await udpCase.run(UDP_HOST_DRIVER);
  });
}
