/** Frames in which nothing scrolls, after which it has come to rest. */
const stillFrames = 3;

/** Runs once a pane has come to rest where it is being scrolled to. @returns what calls it off. */
export function whenStill(pane: Element, run: () => void): () => void {
  let last = NaN;
  let still = 0;
  let frame = requestAnimationFrame(look);
  function look(): void {
    still = pane.scrollTop === last ? still + 1 : 0;
    last = pane.scrollTop;
    if (still < stillFrames) frame = requestAnimationFrame(look);
    else run();
  }
  return () => cancelAnimationFrame(frame);
}
