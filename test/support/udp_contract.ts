/**
 * The UDP section of network.md as cases: each name starts with the line it stands for. They run against the core
 * (`src/network/udp_socket_test.ts`) and against the host classes (`src/host/sockets/udp_test.ts`).
 */
import { UDP_BIND_CASES } from "./udp_contract_bind.ts";
import { UDP_EGRESS_CASES } from "./udp_contract_egress.ts";
import { UDP_QUEUE_CASES } from "./udp_contract_queue.ts";
import { UDP_STREAM_CASES } from "./udp_contract_stream.ts";
import type { UdpCase } from "./udp_case.ts";

export const UDP_CONTRACT: readonly UdpCase[] = [
  ...UDP_BIND_CASES,
  ...UDP_STREAM_CASES,
  ...UDP_QUEUE_CASES,
  ...UDP_EGRESS_CASES,
];
