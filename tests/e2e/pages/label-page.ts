import { expect, type Locator, type Page } from '@playwright/test';

/** The label page as a person sees it. */
export class LabelPage {
  readonly page: Page;
  readonly prompt: Locator;
  readonly said: Locator;
  readonly queueStatus: Locator;
  readonly reason: Locator;

  constructor(page: Page) {
    this.page = page;
    this.prompt = page.getByTestId('prompt');
    this.said = page.getByTestId('said');
    this.queueStatus = page.getByTestId('queue-status');
    this.reason = page.getByRole('textbox', { name: /^Reason/ });
  }

  async open(slug: string): Promise<void> {
    await this.page.goto(`/label/${slug}`);
    await expect(this.prompt).toBeVisible();
  }

  pane(letter: string): Locator {
    return this.page.getByTestId(`response-${letter}`);
  }

  /** The key of the response that contains a text: orders are random, so a test must look. */
  async keyOf(text: string): Promise<string> {
    const letter = await this.page
      .getByRole('region', { name: /^Response [A-I]$/ })
      .filter({ hasText: text })
      .getAttribute('data-testid');
    const found = letter?.at(-1);
    if (found === undefined) throw new Error(`No response on the page contains "${text}".`);
    return String(found.charCodeAt(0) - 64);
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Enter, then waits until another task (or the end) is shown. */
  async submit(): Promise<void> {
    const before = await this.prompt.textContent();
    await this.press('Enter');
    await expect(async () => {
      const isDone = await this.page.getByTestId('all-done').isVisible();
      const now = isDone ? null : await this.prompt.textContent({ timeout: 500 }).catch(() => before);
      expect(now).not.toBe(before);
    }).toPass({ timeout: 10_000, intervals: [20, 50, 100] });
  }

  /** Until everything submitted has been confirmed by the server. */
  async settled(): Promise<void> {
    await expect
      .poll(() =>
        this.page.evaluate(
          () => Object.keys(localStorage).filter((name) => name.includes('.answer.')).length,
        ),
      )
      .toBe(0);
  }
}
