/** The leet form of bytes: a 4, e 3, i 1, o 0, s 5, t 7, l 1, in either case; every other byte stays what it is. */

const LEET: Readonly<Record<string, string>> = { a: "4", e: "3", i: "1", o: "0", s: "5", t: "7", l: "1" };

/** What each byte becomes. A byte of a longer UTF-8 character is never one of the letters. */
const TABLE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = LEET[String.fromCharCode(byte).toLowerCase()];
  return digit === undefined ? byte : digit.charCodeAt(0);
});

/** As long as `bytes`. */
export function leet(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => TABLE[byte] ?? byte);
}
