/** Types of `install_lock.mjs`, which says what they are for. */
export declare function takeInstallLock(
  folder: string,
  options?: { readonly onWait?: (pids: readonly number[]) => void; readonly waitMsMax?: number },
): { readonly share: (pid: number) => void; readonly release: () => void };
