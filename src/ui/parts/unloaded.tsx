/** What stands for a page that could not be loaded or shown; the rest of the viewer goes on. */
import { Component, type ReactNode } from "react";
import { Nothing } from "./controls.tsx";

export class PageBoundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children;
    // A browser keeps a failed import as it is: only a new document asks again.
    return (
      <Nothing>
        This page could not be loaded. Is the server running?{" "}
        <a href={location.href} onClick={() => location.reload()}>
          Load it again
        </a>
      </Nothing>
    );
  }
}
