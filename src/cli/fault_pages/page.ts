/** What is to be read about a code: `loopgate help LG1104` prints it, and `docs/errors` is made of it. */
export interface FaultPage {
  /** What is wrong, as the page's heading. */
  readonly title: string;
  /** When it is told, and why it is a fault at all. */
  readonly cause: string;
  /** What to do. */
  readonly fix: string;
}
