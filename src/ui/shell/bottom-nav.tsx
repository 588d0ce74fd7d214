/** The navigation at the bottom of narrow windows. */
import { Link, useLocation } from "wouter";
import { hrefOf, pages, sectionOf, type Page } from "../pages.ts";
import { Icon, type IconName } from "../parts/icon.tsx";

/** The pages with an icon here; the others are behind "More". */
const icons: Partial<Record<Page, IconName>> = {
  traces: "list",
  sessions: "chat",
  overview: "bars",
  agents: "hexagon",
};

export const otherPages = pages.filter(({ page }) => icons[page] === undefined);

export function BottomNav({ project, onMore }: { project: string; onMore: () => void }) {
  const [location] = useLocation();
  const current = sectionOf(location)?.page;
  return (
    <nav className="shell-foot" aria-label="Main pages">
      {pages.map(({ page, name }) => {
        const icon = icons[page];
        if (icon === undefined) return null;
        return (
          <Link
            key={page}
            href={hrefOf(page, { query: { project } })}
            aria-current={page === current ? "page" : undefined}
          >
            <Icon name={icon} />
            {name.split(" ")[0]}
          </Link>
        );
      })}
      <button type="button" aria-haspopup="dialog" onClick={onMore}>
        <Icon name="more" />
        More
      </button>
    </nav>
  );
}
