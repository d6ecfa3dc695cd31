// @ts-check
/**
 * The admin page: asks `/workloads` every second and draws what it says. Every text becomes a text node, so that nothing a
 * client or a guest wrote can become markup.
 */

const INTERVAL_MS = 1_000;
const SVG = "http://www.w3.org/2000/svg";
/** The bounds of the gateway's buckets, as labels. */
const BUCKETS = [
  "0.5",
  "1",
  "2.5",
  "5",
  "10",
  "25",
  "50",
  "100",
  "250",
  "500",
  "1k",
  "2.5k",
  "5k",
  "10k",
  "30k",
  "more",
];

/** @type {{ atMs: number, total: number } | undefined} */
let before;

await refresh();
setInterval(() => void refresh(), INTERVAL_MS);

async function refresh() {
  try {
    const response = await fetch("/workloads", { signal: AbortSignal.timeout(5 * INTERVAL_MS) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    draw(await response.json());
  } catch (error) {
    show("state", el("span", { class: "bad" }, `no answer: ${error instanceof Error ? error.message : String(error)}`));
  }
}

/** @param {any} status */
function draw(status) {
  show("gateway", `${status.version} at ${status.url}, since ${new Date(status.startedAt).toLocaleString()}`);
  show("state", stateOf(status.readiness));
  show("figures", ...figures(status));
  show("workloads", ...status.workloads.map((/** @type {any} */ workload) => card(workload, status.totals)));
  const events = status.recent.map(eventLine);
  show("events", ...(events.length > 0 ? events : [el("li", { class: "quiet" }, "Nothing yet")]));
}

/** @param {any} readiness */
function stateOf(readiness) {
  return readiness.isReady
    ? el("span", { class: "good" }, "ready")
    : el("span", { class: "warn" }, readiness.waitsFor.join("; "));
}

/** @param {any} status */
function figures({ live, totals }) {
  const total = sum(totals.requests.map((/** @type {any} */ count) => count.total));
  const nowMs = performance.now();
  const rate = before === undefined ? 0 : ((total - before.total) * 1000) / (nowMs - before.atMs);
  before = { atMs: nowMs, total };
  return [
    figure("requests/s", Math.max(0, rate).toFixed(rate < 10 ? 1 : 0)),
    figure("in flight", live.requests),
    figure("instances", live.instances),
    figure("idle instances", live.idleInstances),
    figure("loopback connections", live.loopbackConnections),
    figure("outside connections", live.egressConnections),
    figure("requests", total),
    figure("denials", sum(totals.denied.map((/** @type {any} */ count) => count.total))),
  ];
}

/**
 * @param {string} name
 * @param {string | number} value
 */
function figure(name, value) {
  return el("div", { class: "figure" }, el("b", {}, String(value)), el("span", { class: "quiet" }, name));
}

/**
 * @param {any} workload
 * @param {any} totals
 */
function card(workload, totals) {
  const own = (/** @type {any[]} */ counts) => counts.filter((count) => count.workload === workload.name);
  const [requests, denied, limited] = [own(totals.requests), own(totals.denied), own(totals.limited)];
  return el(
    "article",
    { id: `workload-${workload.name}` },
    el("h3", {}, workload.name),
    picture(workload, denied),
    ...(workload.routes.length === 0 ? [] : [routeTable(workload, requests), histogram(requests)]),
    el("p", { class: "quiet" }, footnote(workload, denied, limited)),
    ...workload.routes.flatMap(lastFailure),
  );
}

/** @param {any} route */
function lastFailure({ name, lastFailure: failure }) {
  if (failure === undefined) return [];
  const { status, code, cause, requestId } = failure;
  const what = el("span", { class: status >= 500 ? "bad" : "warn" }, `${status} ${code}`);
  return [el("p", { class: "failure" }, `last failure of ${name}: `, what, ` ${cause} (${requestId.slice(0, 8)})`)];
}

/**
 * @param {any} workload
 * @param {any[]} denied
 * @param {any[]} limited
 */
function footnote({ service }, denied, limited) {
  const total = (/** @type {any[]} */ counts) => sum(counts.map((count) => count.total));
  const parts = [counted(total(denied), "denial"), `${total(limited)} times at a limit`];
  if (service !== undefined) parts.push(`${counted(service.restarts, "restart")} of the service`);
  if (service?.lastEnd !== undefined) parts.push(`it ended last because ${service.lastEnd}`);
  return parts.join(", ");
}

/**
 * Components left, the service right, the private network around both, the outside below, behind the policy.
 * @param {any} workload
 * @param {any[]} denied
 */
function picture({ name, routes, service, network }, denied) {
  const rowHeight = 34;
  const inside = Math.max(routes.length * rowHeight, 44) + 12;
  const [top, bottom] = [20, 20 + inside];
  const middle = top + inside / 2;
  const parts = [
    svg("text", { class: "quiet", x: 16, y: 12 }, "private network, 127.0.0.1 and ::1"),
    svg("rect", { class: "network", x: 4, y: top, width: 552, height: inside, rx: 10 }),
  ];
  routes.forEach((/** @type {any} */ route, /** @type {number} */ index) => {
    const y = middle - (routes.length * rowHeight) / 2 + 4 + index * rowHeight;
    const host = route.host === "*" ? "" : route.host;
    const where = `${(route.methods ?? ["any"]).join(",")} ${host}${route.path}`;
    parts.push(
      svg("rect", { class: "box", x: 16, y, width: 250, height: 26, rx: 5 }),
      svg("text", { x: 24, y: y + 18 }, clipped(where, 31), svg("title", {}, where)),
    );
    if (service !== undefined) {
      parts.push(svg("path", { class: "wire", d: `M266 ${y + 13} C 310 ${y + 13}, 320 ${middle}, 366 ${middle}` }));
    }
  });
  if (service !== undefined) {
    const ports = network.listening.length === 0 ? "listens nowhere" : `listens on ${network.listening.join(", ")}`;
    parts.push(
      svg("rect", { class: "box", x: 366, y: middle - 22, width: 178, height: 44, rx: 5 }),
      svg(
        "text",
        { x: 376, y: middle - 4 },
        "service ",
        svg("tspan", { class: stateClass(service.state) }, service.state),
      ),
      svg("text", { class: "quiet", x: 376, y: middle + 14 }, ports),
    );
  }
  const flow = `${counted(network.connections, "connection")} inside, ${counted(network.sockets, "socket")}`;
  // A component that may not bind wanted to listen inside.
  const kept = sum(denied.filter(({ operation }) => !operation.includes("bind")).map((count) => count.total));
  parts.push(
    svg("text", { class: "quiet", x: 16, y: bottom + 34 }, flow),
    svg("path", { class: network.outside > 0 ? "wire" : "closed", d: `M455 ${bottom} V ${bottom + 18}` }),
    svg("rect", { class: "box", x: 316, y: bottom + 18, width: 240, height: 26, rx: 5 }),
    svg(
      "text",
      { x: 326, y: bottom + 35 },
      `outside: ${network.outside} open, `,
      svg("tspan", kept > 0 ? { class: "warn" } : {}, `${kept} denied`),
    ),
  );
  const size = `0 0 560 ${bottom + 50}`;
  return svg("svg", { viewBox: size, role: "img", "aria-label": `The network of ${name}` }, ...parts);
}

/**
 * @param {any} workload
 * @param {any[]} requests
 */
function routeTable({ routes }, requests) {
  const head = ["route", "inside", "requests", "4xx", "5xx", "mean ms", "cpu ms"];
  const rows = routes.map((/** @type {any} */ route) => {
    const count = requests.find((each) => each.route === route.name);
    const mean = (/** @type {number} */ seconds) =>
      count === undefined ? "" : ((seconds * 1000) / count.total).toFixed(2);
    return [
      route.name,
      route.inside,
      count?.total ?? 0,
      count?.byClass["4xx"] ?? 0,
      count?.byClass["5xx"] ?? 0,
      mean(count?.secondsTotal),
      mean(count?.cpuSecondsTotal),
    ];
  });
  const cells = (/** @type {string} */ tag, /** @type {any[]} */ values) =>
    el("tr", {}, ...values.map((value, index) => el(tag, index === 0 ? {} : { class: "number" }, String(value))));
  return el("table", {}, cells("th", head), ...rows.map((/** @type {any[]} */ row) => cells("td", row)));
}

/** @param {any[]} requests */
function histogram(requests) {
  const buckets = BUCKETS.map((_, index) => sum(requests.map((count) => count.buckets[index] ?? 0)));
  const most = Math.max(1, ...buckets);
  const width = 560 / BUCKETS.length;
  const bars = buckets.flatMap((value, index) => {
    const height = (value / most) * 54;
    const x = index * width;
    return [
      svg("rect", { class: "bar", x: x + 3, y: 60 - height, width: width - 6, height }, svg("title", {}, `${value}`)),
      svg("text", { class: "quiet", x: x + width / 2, y: 76, "text-anchor": "middle" }, BUCKETS[index] ?? ""),
    ];
  });
  const label = "requests by duration, up to so many ms";
  return svg(
    "svg",
    { viewBox: "0 0 560 98", role: "img", "aria-label": label },
    ...bars,
    svg("text", { class: "quiet", x: 280, y: 94, "text-anchor": "middle" }, label),
  );
}

/** @param {any} event */
function eventLine({ time, kind, ...event }) {
  const guest = event.guest ?? event;
  const who = [guest.workload, guest.route].filter(Boolean).join("/");
  const what = event.detail ?? event.rule ?? "";
  const name = event.state ?? event.outcome ?? event.limit ?? [event.operation, event.target].filter(Boolean).join(" ");
  return el(
    "li",
    {},
    el("span", { class: "quiet" }, `${new Date(time).toLocaleTimeString()} `),
    el("b", {}, `${who} `),
    el("span", { class: stateClass(String(name)) }, `${kind} ${name} `),
    what,
  );
}

/** @param {string} state */
function stateClass(state) {
  if (["ready", "completed", "added", "replaced"].includes(state)) return "good";
  return ["failed", "trapped", "kept", "refused"].includes(state) ? "bad" : "warn";
}

/**
 * @param {string} text
 * @param {number} length
 */
function clipped(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/**
 * @param {number} count
 * @param {string} noun
 */
function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * @param {string} id
 * @param {...(Node | string)} children
 */
function show(id, ...children) {
  document.getElementById(id)?.replaceChildren(...children);
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}
