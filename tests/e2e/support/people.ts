import { readFileSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import type { Role } from '../../../lib/roles.ts';
import { CONSOLE_FILE } from './server-address.ts';

const PASSWORD = 'a few words, easily kept';

/** The one-time link that the server printed at its first start. */
export function ownerLink(): string {
  const link = /http\S+\/setup\/\S+/.exec(readFileSync(CONSOLE_FILE, 'utf8'))?.[0];
  if (link === undefined) throw new Error(`No one-time link in ${CONSOLE_FILE}.`);
  return link;
}

/** Fills in who somebody is, on the set-up page or behind an invitation. */
export async function introduce(page: Page, name: string, button: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('E-mail').fill(`${name.toLowerCase().replace(/\W+/g, '.')}@example.org`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: button }).click();
}

/** Makes an invitation link on the members page. */
export async function invite(owner: Page, slug: string, role: Role): Promise<string> {
  await owner.goto(`/projects/${slug}/members`);
  await owner.getByRole('button', { name: 'Invite' }).click();
  const dialog = owner.getByRole('dialog');
  await dialog.getByLabel(role, { exact: true }).check();
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const field = dialog.getByLabel('Link');
  await expect(field).toHaveValue(/\/invite\//);
  return field.inputValue();
}
