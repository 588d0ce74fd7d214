/** The name of a heading by which links lead to it, as GitHub makes it: `Full disk` is `full-disk`. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
