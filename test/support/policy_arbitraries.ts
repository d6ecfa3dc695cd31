/** Random policies, hosts and addresses, for properties of decisions. */
import * as fc from "fast-check";

export const ipv4 = fc.oneof(
  fc.constantFrom(
    "127.0.0.1",
    "10.0.0.1",
    "10.1.2.3",
    "8.8.8.8",
    "169.254.169.254",
    "192.168.1.5",
    "0.0.0.0",
    "203.0.113.5",
  ),
  fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 255 }))).map((parts) => parts.join(".")),
);
export const ipv6 = fc.constantFrom(
  "[fd00::1]",
  "[fe80::1]",
  "[2606:4700::1]",
  "[::]",
  "[64:ff9b::a00:1]",
  "[2002:808:808::1]",
  "[fd00:ec2::254]",
  "[::ffff:10.0.0.1]",
  "[fd00::5efe:808:808]",
);
export const nameText = fc.constantFrom(
  "db.example.com",
  "a.b.example.com",
  "example.com",
  "db",
  "xn--bcher-kva.example",
);
export const ruleHost = fc.constantFrom(
  "*",
  "public",
  "private",
  "link-local",
  "db.example.com",
  "*.example.com",
  "db",
  "10.0.0.0/8",
  "10.1.0.0/16",
  "10.0.0.1",
  "8.8.8.8",
  "8.0.0.0/7",
  "169.254.169.254",
  "[fd00::/8]",
  "[fe80::/10]",
  "[2606:4700::1]",
  "192.168.1.5",
  "0.0.0.0/1",
  "xn--bcher-kva.example",
);
export const rule = fc.tuple(
  fc.constantFrom("", "", "tcp://", "udp://", "http://", "https://"),
  ruleHost,
  fc.constantFrom("", ":80", ":443", ":*", ":1-100"),
).map((parts) => parts.join(""));
export const rules = fc.array(rule, { maxLength: 5 });
export const netValue: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: rules, weight: 4 },
  { arbitrary: fc.record({ allow: rules, deny: rules }, { requiredKeys: [] }), weight: 6 },
  { arbitrary: fc.constantFrom(true, undefined, []), weight: 2 },
  { arbitrary: fc.constant(false), weight: 1 },
);
