/** One word for sh, whatever is in it: for lines that are printed to be copied. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
