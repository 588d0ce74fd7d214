/**
 * One line of a Markdown text for lists: without its markers. Previews are short and can be cut anywhere,
 * so markers are removed by pattern instead of parsing; what looks like code is kept.
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
