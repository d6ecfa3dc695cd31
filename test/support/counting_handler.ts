/** A handler, written as text, that counts its requests in every place a guest has, and says so in its answer's status. */
import { wat } from "../engine/wat.ts";

/** A function takes it, so all of it has to be there: the host's types are checked. */
const ERROR_CODE = `
    (type $dns (record (field "rcode" (option string)) (field "info-code" (option u16))))
    (export "DNS-error-payload" (type $dns-error (eq $dns)))
    (type $tls (record (field "alert-id" (option u8)) (field "alert-message" (option string))))
    (export "TLS-alert-received-payload" (type $tls-alert (eq $tls)))
    (type $size (record (field "field-name" (option string)) (field "field-size" (option u32))))
    (export "field-size-payload" (type $field-size (eq $size)))
    (type $code (variant
      (case "DNS-timeout") (case "DNS-error" $dns-error) (case "destination-not-found")
      (case "destination-unavailable") (case "destination-IP-prohibited") (case "destination-IP-unroutable")
      (case "connection-refused") (case "connection-terminated") (case "connection-timeout")
      (case "connection-read-timeout") (case "connection-write-timeout") (case "connection-limit-reached")
      (case "TLS-protocol-error") (case "TLS-certificate-error") (case "TLS-alert-received" $tls-alert)
      (case "HTTP-request-denied") (case "HTTP-request-length-required") (case "HTTP-request-body-size" (option u64))
      (case "HTTP-request-method-invalid") (case "HTTP-request-URI-invalid") (case "HTTP-request-URI-too-long")
      (case "HTTP-request-header-section-size" (option u32)) (case "HTTP-request-header-size" (option $field-size))
      (case "HTTP-request-trailer-section-size" (option u32)) (case "HTTP-request-trailer-size" $field-size)
      (case "HTTP-response-incomplete") (case "HTTP-response-header-section-size" (option u32))
      (case "HTTP-response-header-size" $field-size) (case "HTTP-response-body-size" (option u64))
      (case "HTTP-response-trailer-section-size" (option u32)) (case "HTTP-response-trailer-size" $field-size)
      (case "HTTP-response-transfer-coding" (option string)) (case "HTTP-response-content-coding" (option string))
      (case "HTTP-response-timeout") (case "HTTP-upgrade-failed") (case "HTTP-protocol-error") (case "loop-detected")
      (case "configuration-error") (case "internal-error" (option string))))
    (export "error-code" (type $error-code (eq $code)))`;

/** The functions and types of `wasi:http/types` that it needs. */
const TYPES = `
  (import "wasi:http/types@0.2.10" (instance $types
    (export "fields" (type $fields (sub resource)))
    (export "incoming-request" (type $request (sub resource)))
    (export "response-outparam" (type $outparam (sub resource)))
    (export "outgoing-response" (type $response (sub resource)))
    ${ERROR_CODE}
    (export "[constructor]fields" (func (result (own $fields))))
    (export "[constructor]outgoing-response" (func (param "headers" (own $fields)) (result (own $response))))
    (export "[method]outgoing-response.set-status-code"
      (func (param "self" (borrow $response)) (param "status-code" u16) (result (result))))
    (export "[static]response-outparam.set"
      (func (param "param" (own $outparam)) (param "response" (result (own $response) (error $error-code)))))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $outparam))`;

/** What it counts with: an instruction sequence that leaves the number of requests so far. */
const COUNTERS = {
  global: "(global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count)",
  memory:
    `(i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1))) (i32.load (i32.const 1024))`,
  /** Each request grows the memory by a page, and its first size was 1. */
  grown: "(drop (memory.grow (i32.const 1))) (i32.sub (memory.size) (i32.const 1))",
  /** In the pages that it grew by, which nobody has written yet. */
  "grown memory": `(drop (memory.grow (i32.const 1)))
    (i32.store (i32.const 65536) (i32.add (i32.load (i32.const 65536)) (i32.const 1))) (i32.load (i32.const 65536))`,
  table: "(drop (table.grow $table (ref.null func) (i32.const 1))) (table.size $table)",
  segment: `(if (i32.load8_u (i32.const 2048)) (then (data.drop $segment)))
    (memory.init $segment (i32.const 2048) (i32.const 0) (i32.const 1))
    (data.drop $segment) (i32.load8_u (i32.const 2048))`,
} as const;

/** Where it counts. */
export type CounterPlace = keyof typeof COUNTERS;

/** Every place, for tables of tests. */
export const COUNTER_PLACES = Object.keys(COUNTERS) as CounterPlace[];

/**
 * Answers each request with 200 and the number of requests that the instance has seen (201 for the first). It drops
 * neither its request nor anything else: what is left of a request is the host's to dispose of.
 */
export function countingHandler(place: CounterPlace): Promise<Uint8Array> {
  return handlerOf(COUNTERS[place]);
}

/** As many handles of `fields` as it can have; they go with the request. */
export function hoardingHandler(): Promise<Uint8Array> {
  return handlerOf("(loop $more (drop (call $fields)) (br $more)) (i32.const 0)");
}

/** What else a handler is made of, as text. */
export interface HandlerParts {
  /** Definitions of the component, before its module. */
  readonly component?: string;
  /** Definitions of the module, its imports first. */
  readonly module?: string;
  /** Arguments of the module's instance. */
  readonly args?: string;
  /** Instructions that follow the answer. */
  readonly afterAnswer?: string;
}

/** Answers with 200 and the number that the instructions leave. */
export function handlerOf(
  instructions: string,
  { component = "", module = "", args = "", afterAnswer = "" }: HandlerParts = {},
): Promise<Uint8Array> {
  return wat(`${TYPES}
    ${component}
    (core module $Main
      (import "host" "fields" (func $fields (result i32)))
      (import "host" "response" (func $response (param i32) (result i32)))
      (import "host" "status" (func $status (param i32 i32) (result i32)))
      (import "host" "set" (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
      (import "libc" "memory" (memory 1))
      ${module}
      (global $count (mut i32) (i32.const 0))
      (table $table 0 funcref)
      (data $segment "\\01")
      (func (export "handle") (param $request i32) (param $out i32)
        (local $made i32)
        (local.set $made (call $response (call $fields)))
        (drop (call $fields))
        (drop (call $status (local.get $made) (call $counted)))
        (call $set (local.get $out) (i32.const 0) (local.get $made)
          (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        ${afterAnswer})
      (func $counted (result i32)
        (i32.add (i32.const 200) (block (result i32) ${instructions}))))
    (core module $Libc (memory (export "memory") 1))
    (core instance $libc (instantiate $Libc))
    (alias core export $libc "memory" (core memory $memory))
    (core func $fields (canon lower (func $types "[constructor]fields")))
    (core func $response (canon lower (func $types "[constructor]outgoing-response")))
    (core func $status (canon lower (func $types "[method]outgoing-response.set-status-code")))
    (core func $set (canon lower (func $types "[static]response-outparam.set") (memory $memory)))
    (core instance $main (instantiate $Main
      (with "libc" (instance $libc)) ${args}
      (with "host" (instance
        (export "fields" (func $fields))
        (export "response" (func $response))
        (export "status" (func $status))
        (export "set" (func $set))))))
    (func $handle (param "request" (own $request)) (param "response-out" (own $outparam))
      (canon lift (core func $main "handle")))
    (instance $handler (export "handle" (func $handle)))
    (export "wasi:http/incoming-handler@0.2.10" (instance $handler))`);
}
