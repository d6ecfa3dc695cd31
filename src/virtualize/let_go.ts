/** Code that lets go of the handles in a function's parameters: they are the stub's, and a borrowed one that is kept traps its caller. */
import { casesOf, childrenOf, flatten, signatureOf } from "../component/abi_layout.ts";
import { ByteWriter } from "../component/instrument/byte_writer.ts";
import type { ResourceType, ValueType } from "../component/types.ts";

/** What is imported for handles, in this order, from the module "handles" under `new<n>` and `drop<n>`. */
export interface HandleImports {
  readonly made: readonly ResourceType[];
  readonly dropped: readonly ResourceType[];
}

/** Whose handles they are. */
export interface HandleScope {
  readonly handles: HandleImports;
  /** Whether a resource is the stub's own. */
  readonly isOwn: (resource: ResourceType) => boolean;
}

/** Drops every handle in the parameters; undefined where they cannot be found: the call then traps. */
export function letGo(
  params: readonly ValueType[],
  { handles, isOwn }: HandleScope,
): ByteWriter | undefined {
  if (!params.some(holdsHandle)) return new ByteWriter();
  // More parameters than fit in core values lie in memory: no function of WASI has handles among so many.
  if (signatureOf(params, null, "lift").isSpilled) return undefined;
  const to = new ByteWriter();
  let local = 0;
  for (const param of params) {
    if (!letGoOf(param, { to, local, handles, isOwn, isWide: () => false })) return undefined;
    local += flatten(param)?.length ?? 0;
  }
  return to;
}

interface LetGo extends HandleScope {
  readonly to: ByteWriter;
  /** The first core value of this one. */
  readonly local: number;
  /** Whether a core value is an i64 that holds an i32: cases of a variant share theirs. */
  readonly isWide: (local: number) => boolean;
}

function letGoOf(type: ValueType, context: LetGo): boolean {
  if (!holdsHandle(type)) return true;
  if (type.kind === "own" || type.kind === "borrow") {
    letGoOfHandle(type, context);
    return true;
  }
  // Handles in a list: nothing that is stubbed takes one.
  if (type.kind === "list") return false;
  return casesOf(type).length > 0 ? letGoOfCases(type, context) : letGoOfParts(type, context);
}

function letGoOfHandle(
  { kind, resource }: Extract<ValueType, { readonly resource: ResourceType }>,
  { to, local, handles, isOwn, isWide }: LetGo,
): void {
  // A borrowed handle of the stub's own resource comes as what it stands for.
  if (kind === "borrow" && isOwn(resource)) return;
  to.u8(0x20).u32(local);
  if (isWide(local)) to.u8(0xa7);
  to.u8(0x10).u32(handles.made.length + handles.dropped.indexOf(resource));
}

function letGoOfParts(type: ValueType, context: LetGo): boolean {
  let { local } = context;
  return childrenOf(type).every((part) => {
    const isDone = letGoOf(part, { ...context, local });
    local += flatten(part)?.length ?? 0;
    return isDone;
  });
}

/** Only the case that is there has its handles in the core values that all cases share. */
function letGoOfCases(type: ValueType, context: LetGo): boolean {
  const { to, local, isWide } = context;
  const joined = flatten(type) ?? [];
  return casesOf(type).every(({ type: payload }, at) => {
    if (payload === null || !holdsHandle(payload)) return true;
    to.u8(0x20).u32(local).u8(0x41).s32(at).bytes(0x46, 0x04, 0x40);
    const isDone = letGoOf(payload, {
      ...context,
      local: local + 1,
      isWide: (each) => isWide(each) || joined[each - local] === "i64",
    });
    to.u8(0x0b);
    return isDone;
  });
}

function holdsHandle(type: ValueType): boolean {
  return type.kind === "own" || type.kind === "borrow" || childrenOf(type).some(holdsHandle);
}

/** Enters every resource of which a handle may come; a borrowed one of the stub's own comes as what it stands for. */
export function collectHandles(type: ValueType, dropped: ResourceType[], isOwn: HandleScope["isOwn"]): void {
  if (type.kind === "own" || (type.kind === "borrow" && !isOwn(type.resource))) addOnce(dropped, type.resource);
  for (const part of childrenOf(type)) collectHandles(part, dropped, isOwn);
}

/** Adds what is not there yet. */
export function addOnce<T>(list: T[], item: T): void {
  if (!list.includes(item)) list.push(item);
}
