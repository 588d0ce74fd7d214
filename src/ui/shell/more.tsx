/** What does not fit into a narrow window: further pages, and the controls of the top bar. */
import { Link } from "wouter";
import { hrefOf } from "../pages.ts";
import { Dialog } from "../parts/controls.tsx";
import { Icon, ThemeIcon } from "../parts/icon.tsx";
import { toggleTheme } from "../state/prefs.ts";
import { otherPages } from "./bottom-nav.tsx";

export function More({
  project,
  onClose,
  onPalette,
}: {
  project: string;
  onClose: () => void;
  onPalette: () => void;
}) {
  return (
    <Dialog label="More" className="shell-more" onClose={onClose}>
      {otherPages.map(({ page, name }) => (
        <Link
          key={page}
          className="shell-more-item"
          href={hrefOf(page, { query: { project } })}
          onClick={onClose}
        >
          <Icon name="right" />
          {name}
        </Link>
      ))}
      <Link
        className="shell-more-item"
        href={hrefOf("docs", { query: { project } })}
        onClick={onClose}
      >
        <Icon name="help" />
        Manual
      </Link>
      <button type="button" className="shell-more-item" onClick={onPalette}>
        <Icon name="search" />
        Jump to trace, span, page
      </button>
      <button
        type="button"
        className="shell-more-item"
        onClick={() => {
          toggleTheme();
          onClose();
        }}
      >
        <ThemeIcon />
        Light or dark
      </button>
      <button type="button" className="shell-more-item" onClick={onClose}>
        <Icon name="close" />
        Close
      </button>
    </Dialog>
  );
}
