/** "Did you mean": the word of a list that was probably meant. */

/** Longer input is no typing mistake; it also bounds the work. */
const WORD_LENGTH_MAX = 64;

/**
 * The candidate with the fewest changes (letters inserted, removed, replaced, or two neighbours swapped), when these
 * are at most a third of its length; case counts for nothing. Undefined when nothing is near.
 *
 * @example
 * nearestWord("compnent", ["component", "match"]); // "component"
 */
export function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > WORD_LENGTH_MAX) return undefined;
  let nearest: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const changes = changesBetween(word.toLowerCase(), candidate.toLowerCase());
    if (changes < fewest && changes <= Math.max(1, Math.floor(candidate.length / 3)) && changes < candidate.length) {
      nearest = candidate;
      fewest = changes;
    }
  }
  return nearest;
}

/** Optimal string alignment distance, three rows at a time. */
function changesBetween(from: string, to: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const current = [i];
    for (let j = 1; j <= to.length; j++) {
      const cost = from[i - 1] === to[j - 1] ? 0 : 1;
      let least = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, at(previous, j - 1) + cost);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        least = Math.min(least, at(before, j - 2) + 1);
      }
      current.push(least);
    }
    before = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0;
}
