import { expect, type Page } from '@playwright/test';

/** Starting a run and watching it. */
export class RunPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the form of a recipe with a preset and other values, by the labels of their fields. */
  async fillIn(
    slug: string,
    recipe: string,
    { preset, fields }: { preset: string; fields: Record<string, string> },
  ): Promise<void> {
    await this.page.goto(`/projects/${slug}/runs/new?recipe=${recipe}`);
    await this.page.getByLabel('Preset').selectOption(preset);
    for (const [label, value] of Object.entries(fields))
      await this.page.getByLabel(label, { exact: true }).fill(value);
  }

  /** Starts it, and from then on remembers everything that the charts said. */
  async start(): Promise<void> {
    await this.page.getByRole('button', { name: /^Start / }).click();
    await this.page.waitForURL(/\/runs\/run_/);
    await this.page.evaluate(() => {
      const seen = new Set<string>();
      Object.assign(window, { chartsSaid: seen });
      const look = () => {
        for (const chart of document.querySelectorAll('[role=img][aria-label]'))
          seen.add(chart.getAttribute('aria-label') ?? '');
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
      look();
    });
  }

  /** Until the run is done; then every different state that a chart has shown on the way. */
  async finished(chart: string, { timeout = 150_000 } = {}): Promise<string[]> {
    await expect(this.page.locator('header').getByText('done', { exact: true })).toBeVisible({
      timeout,
    });
    const said = await this.page.evaluate(() => [
      ...(window as unknown as { chartsSaid: Set<string> }).chartsSaid,
    ]);
    return said.filter((text) => text.startsWith(chart));
  }
}
