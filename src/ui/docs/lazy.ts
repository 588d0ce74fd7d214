/** The manual's page, whose code comes when somebody goes there. */
import { lazyPage } from "../parts/page-errors.tsx";

export const DocsPage = lazyPage("docs", async () => (await import("./page.tsx")).DocsPage);
