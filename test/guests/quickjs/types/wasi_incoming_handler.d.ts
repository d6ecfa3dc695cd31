// What a middleware imports beside types: the handler it is composed with.
declare module "wasi:http/incoming-handler@0.2.10" {
  import type { IncomingRequest, ResponseOutparam } from "wasi:http/types@0.2.10";
  export function handle(request: IncomingRequest, responseOut: ResponseOutparam): void;
}
