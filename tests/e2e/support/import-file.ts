import { expect, type Page } from '@playwright/test';

/** Imports a file on the data page as a person would, and waits until the worker has read it. */
export async function importFile(
  page: Page,
  slug: string,
  file: { name: string; text: string | Buffer; format?: string; ends?: 'done' | 'nothing new' },
): Promise<void> {
  await page.goto(`/projects/${slug}/data`);
  const input = page.getByLabel('File', { exact: true });
  await expect(input).toBeEnabled();
  await input.setInputFiles({
    name: file.name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.isBuffer(file.text) ? file.text : Buffer.from(file.text),
  });
  if (file.format !== undefined) await page.getByLabel('Format').selectOption(file.format);
  await expect(page.getByLabel('Format')).not.toHaveValue('');
  // the list must be there before it can be counted
  await expect(page.getByTestId('import').or(page.getByText('Nothing imported yet')).first()).toBeVisible();
  const before = await page.getByTestId('import').count();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByTestId('import')).toHaveCount(before + 1);
  await expect(page.getByTestId('import').first()).toContainText(file.ends ?? 'done', { timeout: 60_000 });
}

export function jsonl(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
