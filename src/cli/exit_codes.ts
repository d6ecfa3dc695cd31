/** What the process ends with. A component that `run` runs has its own. */

/** Something to mend: a file, a flag, a port. */
export const OPERATOR_EXIT_CODE = 2;
/** Something that went wrong while serving. */
export const SYSTEM_EXIT_CODE = 1;
/** A second signal did not wait for the drain: what a shell reports for a program that Ctrl-C ended. */
export const INTERRUPTED_EXIT_CODE = 130;
/** What `loopgate explain` was asked about is denied. */
export const DENIED_EXIT_CODE = 1;
