/** The list of keyboard shortcuts of the open page. */
import { useState } from "react";
import { Link } from "wouter";
import { useProject } from "../data/queries.ts";
import { hrefOf } from "../pages.ts";
import { Dialog } from "../parts/controls.tsx";
import { activeShortcuts, keyText } from "../state/keys.ts";

export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const [project] = useProject();
  const [groups] = useState(() => [...Map.groupBy(activeShortcuts(), ({ group }) => group)]);
  return (
    <Dialog label="Keyboard shortcuts" className="shell-keysheet" onClose={onClose}>
      <header>
        {/* Has the focus first: it is read aloud, and arrows scroll. */}
        <h2 tabIndex={-1}>Keyboard shortcuts</h2>
        <Link
          className="button is-quiet is-small shell-keysheet-manual"
          href={hrefOf("docs", { query: { project } })}
          onClick={onClose}
        >
          Manual
        </Link>
        <button
          type="button"
          className="button is-quiet is-small"
          onClick={({ currentTarget }) => currentTarget.closest("dialog")!.close()}
        >
          Close <kbd className="keycap">Esc</kbd>
        </button>
      </header>
      <div className="shell-keysheet-groups">
        {groups.map(([group, shortcuts]) => (
          <section key={group}>
            <h3 className="label">{group}</h3>
            <dl>
              {shortcuts.map(({ keys, label }) => (
                <div key={label}>
                  <dt>{label}</dt>
                  <dd>
                    {keys.map((key) => (
                      <kbd className="keycap" key={key}>
                        {keyText(key)}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
