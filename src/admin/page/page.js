// @ts-check
/**
 * The admin page: asks `/workloads` every second and draws what it says. Workloads that need somebody come first; of many
 * the others are a line each until they are opened.
 */
import { counted, el, show, stateClass, sum } from "./elements.js";
import { histogram, picture } from "./picture.js";

const INTERVAL_MS = 1_000;
/** Up to so many workloads are all open; more would be a page without an end. */
const OPEN_WORKLOADS_MAX = 12;
/** What a service is in when somebody has to look at it. */
const TROUBLED = ["failed", "restarting"];

/** @type {Map<string, boolean>} Workloads that somebody opened or closed here. */
const chosen = new Map();
const filter = /** @type {HTMLInputElement} */ (document.getElementById("filter"));
/** @type {{ atMs: number, total: number } | undefined} */
let before;

/** @type {any} What was drawn last. */
let drawn;

filter.addEventListener("input", () => drawWorkloads(drawn));
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
  show("state", ...stateOf(status));
  show("figures", ...figures(status));
  show("faults", ...faultLines(status.faults));
  drawn = status;
  drawWorkloads(status);
  const events = status.recent.map(eventLine);
  show("events", ...(events.length > 0 ? events : [el("li", { class: "quiet" }, "Nothing yet")]));
}

/** @param {any} status */
function drawWorkloads(status) {
  if (status === undefined) return;
  const { workloads, totals } = status;
  const words = filter.value.toLowerCase();
  const shown = workloads.filter((/** @type {any} */ each) => searchText(each).includes(words));
  // Stable: in each half the order is that of the names.
  const sorted = [...shown.filter(isTroubled), ...shown.filter((/** @type {any} */ each) => !isTroubled(each))];
  const areAllOpen = shown.length <= OPEN_WORKLOADS_MAX;
  const cards = sorted.map((workload) => card(workload, totals, areAllOpen));
  show("shown", words === "" ? counted(workloads.length, "workload") : `${shown.length} of ${workloads.length}`);
  // Whoever walks over the page by the keyboard stays where they are.
  const focused = document.activeElement?.closest("article")?.id;
  show("workloads", ...cards);
  if (focused === undefined) return;
  /** @type {HTMLElement | null} */
  const summary = document.querySelector(`#${CSS.escape(focused)} summary`);
  summary?.focus();
}

/** @param {any} workload */
function searchText({ name, routes }) {
  return [name, ...routes.map((/** @type {any} */ route) => `${route.name} ${route.host}${route.path}`)].join(" ")
    .toLowerCase();
}

/** @param {any} workload */
function isTroubled({ service }) {
  return service !== undefined && TROUBLED.includes(service.state);
}

/**
 * Ready is the gateway's; a workload that has failed takes none of its neighbours out of rotation, but must be seen.
 * @param {any} status
 */
function stateOf({ readiness, workloads }) {
  const ready = readiness.isReady
    ? el("span", { class: "good" }, "ready")
    : el("span", { class: "warn" }, readiness.waitsFor.join("; "));
  const links = workloads.filter(isTroubled).map((/** @type {any} */ { name, service }) =>
    el("a", { class: stateClass(service.state), href: `#workload-${name}` }, `${name} ${service.state}`)
  );
  return [ready, ...links.slice(0, 5), ...(links.length > 5 ? [`and ${links.length - 5} more`] : [])].flatMap((
    each,
    index,
  ) => index === 0 ? [each] : [", ", each]);
}

/** Lines of files that are not served; more would push the workloads off the page. */
const FAULTS_MAX = 10;

/**
 * What is wrong with the files: nothing of a workload is served, or what was before.
 * @param {any[]} faults
 */
function faultLines(faults) {
  const lines = faults.slice(0, FAULTS_MAX).map(({ workload, file, state, detail }) =>
    el(
      "li",
      {},
      el("b", {}, `${workload ?? file} `),
      el("span", { class: state === "kept" ? "warn" : "bad" }, `${state.replace("-", " ")} `),
      detail,
    )
  );
  const left = faults.length - lines.length;
  return left > 0 ? [...lines, el("li", {}, `and ${left} more under /workloads`)] : lines;
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
 * @param {boolean} isOpenUnlessClosed
 */
function card(workload, totals, isOpenUnlessClosed) {
  const own = (/** @type {any[]} */ counts) => counts.filter((count) => count.workload === workload.name);
  const [requests, denied, limited] = [own(totals.requests), own(totals.denied), own(totals.limited)];
  const isOpen = chosen.get(workload.name) ?? (isOpenUnlessClosed || isTroubled(workload));
  const summary = el("summary", {}, el("h3", {}, workload.name), ...summaryOf(workload, requests, denied));
  const id = `workload-${workload.name}`;
  if (!isOpen) return el("article", { id }, choosable(workload.name, el("details", {}, summary)));
  const details = el(
    "details",
    { open: "" },
    summary,
    picture(workload, denied),
    ...(workload.routes.length === 0 ? [] : [routeTable(workload, requests), histogram(requests)]),
    el("p", { class: "quiet" }, footnote(workload, denied, limited)),
    ...workload.routes.flatMap(lastFailure),
  );
  return el("article", { id, class: isTroubled(workload) ? "troubled" : "" }, choosable(workload.name, details));
}

/**
 * What a closed one says.
 * @param {any} workload
 * @param {any[]} requests
 * @param {any[]} denied
 */
function summaryOf({ service }, requests, denied) {
  const failed = sum(requests.map((count) => count.byClass["5xx"] ?? 0));
  const kept = sum(denied.map((count) => count.total));
  return [
    ...(service === undefined ? [] : [el("span", { class: stateClass(service.state) }, service.state)]),
    el("span", { class: "quiet" }, counted(sum(requests.map((count) => count.total)), "request")),
    ...(failed === 0 ? [] : [el("span", { class: "bad" }, `${failed} failed`)]),
    ...(kept === 0 ? [] : [el("span", { class: "warn" }, `${kept} denied`)]),
  ];
}

/**
 * The page is drawn anew each second, so what somebody opened has to be remembered.
 * @param {string} name
 * @param {Element} details
 */
function choosable(name, details) {
  details.querySelector("summary")?.addEventListener("click", (event) => {
    event.preventDefault();
    chosen.set(name, !details.hasAttribute("open"));
    drawWorkloads(drawn);
  });
  return details;
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
  if (service !== undefined) parts.push(`${(service.cpuMs / 1000).toFixed(1)} s computed by it`);
  if (service?.lastEnd !== undefined) parts.push(`it ended last because ${service.lastEnd}`);
  return parts.join(", ");
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

/** @param {any} event */
function eventLine({ time, kind, ...event }) {
  const guest = event.guest ?? event;
  const who = [guest.workload ?? event.file, guest.route].filter(Boolean).join("/");
  const what = event.detail ?? event.rule ?? event.fault?.message ?? "";
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
