/** Where commands write: lines to stdout and stderr, and whether people read them. */
export interface Output {
  write(line: string): void;
  error(line: string): void;
  isTerminal: boolean;
  isErrorTerminal: boolean;
}

export const out: Output = {
  write: (line) => void process.stdout.write(`${line}\n`),
  error: (line) => void process.stderr.write(`${line}\n`),
  isTerminal: process.stdout.isTTY === true,
  isErrorTerminal: process.stderr.isTTY === true,
};

/** One line that is written over, on a terminal alone; an empty text takes it away. */
export function showProgress(text: string): void {
  if (out.isErrorTerminal) process.stderr.write(`\r\u001b[K${text}`);
}

/** `1 trace`, `2 traces`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
