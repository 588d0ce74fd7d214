/**
 * One line of a Markdown text as a list shows it: the words without their marks. A preview is short and may
 * be cut off anywhere, so marks are taken away by their looks, not by a parse; what looks like code stays.
 */
export function plainLine(text: string): string {
  return text
    .replace(/^[ \t]*(?:```|~~~)[\w-]*[ \t]*$/gm, "")
    .replace(/^[ \t]*(?:#{1,6}|>+|[*+-]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?/gm, "")
    .replace(/^[ \t]*(?:[-*_][ \t]*){3,}$/gm, "")
    .replace(/!?\[([^\]\n]{1,200})\]\([^)\s]{0,500}\)/g, "$1")
    .replace(/(\*\*\*|\*\*)(?=\S)([^\n]*?\S)\1/g, "$2")
    .replace(/(?<![\w*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])/g, "$1")
    .replace(/`+([^`\n]+)`+/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}
