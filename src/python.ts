/** Lists and dictionaries as Python prints them, which some frameworks send for JSON. */

const words: Record<string, string> = { None: "null", True: "true", False: "false" };
const brackets: Record<string, string> = { "(": "[", ")": "]" };
/**
 * Between strings: structure, numbers and three words. A name of anything else is no literal. A number is
 * taken whole or not at all: in pieces, three of them before a `null` took two seconds.
 */
const between = /^(?:[[\]{}(),:\s]|-?\d[\d.eE+-]*(?![\d.eE+-])|None\b|True\b|False\b)*$/;
const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", "\n": "" };

/** The same as JSON text; null for a text that is no such literal. Linear in the text. */
export function fromPython(text: string): string | null {
  if (!/^\s*[[{(]\s*[[{(]*\s*['"]/.test(text.slice(0, 200))) return null;
  const json: string[] = [];
  for (let at = 0; at < text.length;) {
    const start = nextQuote(text, at);
    const plain = text.slice(at, start);
    if (!between.test(plain)) return null;
    json.push(
      plain
        .replace(/[()]/g, (bracket) => brackets[bracket]!)
        .replace(/None|True|False/g, (word) => words[word]!)
        .replace(/,(\s*\])/g, "$1"),
    );
    if (start === text.length) break;
    const end = endOfString(text, start);
    if (end === null) return null;
    json.push(JSON.stringify(unescaped(text.slice(start + 1, end))));
    at = end + 1;
  }
  return json.join("");
}

function nextQuote(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "'" && text[at] !== '"') at++;
  return at;
}

/** Where the quote stands that closes the string which begins here; null where none does. */
function endOfString(text: string, start: number): number | null {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === text[start]) return at;
  }
  return null;
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|(.))/gis,
    (sent: string, x?: string, u?: string, U?: string, char?: string) => {
      const hex = x ?? u ?? U;
      if (hex === undefined) return escapes[char!] ?? (/[\\'"]/.test(char!) ? char! : sent);
      const code = parseInt(hex, 16);
      return code > 0x10ffff ? sent : String.fromCodePoint(code);
    },
  );
}
