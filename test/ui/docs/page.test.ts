/** The manual in the viewer, with and without the token. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { topics } from "../../../src/docs/topics.ts";
import { startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

describe.skipIf(chromiumPath === null)("the manual", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    await closeBrowser();
    await server[Symbol.asyncDispose]();
  });

  test("is reached from the shortcuts, and read from page to page", async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/overview?project=default");
    await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
    await page.getByRole("dialog").getByRole("link", { name: "Manual" }).click();
    await page.getByRole("heading", { level: 1, name: "Manual" }).waitFor();
    const list = page.getByRole("navigation", { name: "Topics" });
    expect(await list.getByRole("link").allInnerTexts()).toEqual(topics.map(({ title }) => title));
    await list.getByRole("link", { name: "Filters and search" }).click();
    await page.getByRole("heading", { level: 2, name: "Keys" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/docs/filters");
    expect(new URL(page.url()).search).toBe("?project=default");
    expect(await page.title()).toBe("Filters and search · Tealight");
    await page
      .getByRole("navigation", { name: "Neighbouring topics" })
      .getByText("Commands")
      .click();
    await page.getByRole("heading", { level: 1, name: "Commands" }).waitFor();
    expect(await page.locator("[aria-current=page]").innerText()).toBe("Commands");
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "Filters and search" }).waitFor();
    expect(viewer.complaints).toEqual([]);
  });

  test("has the tables, the code and the links of its files", async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/docs/commands");
    const row = page.getByRole("row").filter({ hasText: "keys revoke" });
    await row.waitFor();
    expect(await row.getByRole("cell").allInnerTexts()).toEqual([
      "keys revoke <id>",
      "",
      "refuses a key from now on",
    ]);
    await page.getByRole("link", { name: "Costs" }).last().click();
    await page.waitForURL(/\/docs\/costs#kinds$/);
    const kinds = page.getByRole("heading", { name: "Kinds" });
    await kinds.waitFor();
    await page.waitForFunction(
      () => document.getElementById("kinds")!.getBoundingClientRect().top < 200,
    );
    expect(viewer.complaints).toEqual([]);
  });

  test("is read without the token, and leads to where it is asked for", async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await page.goto(`${server.url}/docs/security#who-may-do-what`);
    await page.getByRole("heading", { level: 2, name: "Who may do what" }).waitFor();
    await page.getByRole("navigation", { name: "Topics" }).getByText("Costs").click();
    await page.getByRole("heading", { level: 1, name: "Costs" }).waitFor();
    await page.getByRole("link", { name: "Tealight: traces" }).click();
    await page.getByText("This page needs the operator’s token").waitFor();
    await page.getByRole("link", { name: "manual" }).click();
    await page.getByRole("heading", { level: 1, name: "Security" }).waitFor();
    expect(viewer.complaints).toEqual([]);
  });
});
