import { createHmac } from 'node:crypto';
import type { Page } from '@playwright/test';
import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { hashPassword } from '../../server/auth/password.ts';
import { createSignInLimits } from '../../server/auth/sign-in-limits.ts';
import { beginSecondFactor } from '../../server/second-factor/begin.ts';
import { confirmSecondFactor } from '../../server/second-factor/confirm.ts';
import { expect, test } from './fixtures.ts';
import { AccountPage } from './pages/account-page.ts';
import { LabelPage } from './pages/label-page.ts';
import { judgmentsOf } from './support/judgments-of.ts';
import type { World } from './support/world.ts';

const PASSWORD = 'a few words, easily kept';
const NEW_PASSWORD = 'other words, kept as easily';
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Somebody who signs in with PASSWORD. */
async function addPerson(world: World, name: string): Promise<{ userId: string; email: string }> {
  const userId = world.addUser(name);
  await givePassword(world, userId);
  return { userId, email: `${userId}@example.org` };
}

async function givePassword(world: World, userId: string): Promise<void> {
  const passwordHash = await hashPassword(PASSWORD);
  world.db.update(users).set({ passwordHash }).where(eq(users.id, userId)).run();
}

/** RFC 6238 as an app computes it, apart from the library that the server uses. */
function codeOf(secret: string, timeMs: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(timeMs / 30_000)));
  const mac = createHmac('sha1', Buffer.from(bytes)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Makes a reset link on the members page of a project, and closes the dialog. */
async function makeResetLink(
  owner: Page,
  { slug, name, endsSecondFactor = false }: { slug: string; name: string; endsSecondFactor?: boolean },
): Promise<string> {
  await owner.goto(`/projects/${slug}/members`);
  await owner.getByRole('button', { name: `Reset link for ${name}` }).click();
  const dialog = owner.getByRole('dialog');
  if (endsSecondFactor) await dialog.getByLabel('Also turn the second factor off').check();
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const field = dialog.getByLabel('Link');
  await expect(field).toHaveValue(/\/reset\//);
  const link = await field.inputValue();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toHaveCount(0);
  return link;
}

test('a changed password ends the sessions elsewhere, and the API tokens where that is asked', async ({
  world,
  pageAs,
  request,
}) => {
  test.setTimeout(120_000);
  const { userId, email } = await addPerson(world, 'Paula');
  const here = new AccountPage(await pageAs(userId));
  const elsewhere = new AccountPage(await pageAs(userId));
  await elsewhere.open();
  await here.open();
  await expect(here.sessions).toHaveCount(2);
  const alsoRevoke = here.password.getByLabel('Also revoke my API token');
  await expect(alsoRevoke).toHaveCount(0);
  const token = await here.makeToken('nightly export');
  const statusWithToken = async () =>
    (await request.get('/api/trpc/users.me', { headers: { authorization: `Bearer ${token}` } })).status();
  expect(await statusWithToken()).toBe(200);

  await here.changePassword('not the password', NEW_PASSWORD);
  await expect(here.password.getByRole('alert')).toHaveText('The current password is not right.');
  await elsewhere.open();

  // the token was made after the page was opened: the form knows of it all the same
  await alsoRevoke.uncheck();
  await here.changePassword(PASSWORD, NEW_PASSWORD);
  await expect(here.page.getByText('Every other session has ended.', { exact: true })).toBeVisible();
  await expect(here.sessions).toHaveCount(1);
  await expect(here.sessions).toContainText('this one');
  await expect(here.tokens).toContainText('nightly export');
  expect(await statusWithToken()).toBe(200);
  await elsewhere.expectSignedOut();
  await here.open();

  await elsewhere.signIn(email, PASSWORD);
  await expect(elsewhere.alert).toContainText('E-mail address and password do not match.');
  await elsewhere.signIn(email, NEW_PASSWORD);
  await expect(elsewhere.password).toBeVisible();

  await expect(alsoRevoke).toBeChecked();
  await here.changePassword(NEW_PASSWORD, PASSWORD);
  await expect(here.tokens).toContainText('You have no tokens.');
  await expect(alsoRevoke).toHaveCount(0);
  expect(await statusWithToken()).toBe(401);
  await elsewhere.expectSignedOut();
  await here.open();
});

test('sessions are listed by their devices, and end one by one or all at once', async ({ world, pageAs }) => {
  const { userId, email } = await addPerson(world, 'Sessions');
  const here = new AccountPage(await pageAs(userId));
  const phone = new AccountPage(await pageAs(null, { userAgent: PHONE }));
  const firefox = new AccountPage(await pageAs(null, { userAgent: FIREFOX }));
  for (const device of [phone, firefox]) {
    await device.signIn(email, PASSWORD);
    await expect(device.password).toBeVisible();
  }
  await here.open();
  await expect(here.sessions).toHaveCount(3);
  for (const [name, isThis] of [
    ['Safari on iPhone', false],
    ['Firefox on Windows', false],
    // the one that the test made without a browser's name
    ['Unknown device', true],
  ] as const) {
    const row = here.sessions.filter({ hasText: name });
    await expect(row).toHaveCount(1);
    await expect(row.getByText('this one')).toHaveCount(isThis ? 1 : 0);
    await expect(row.getByRole('button', { name: `End the session on ${name}` })).toHaveCount(isThis ? 0 : 1);
  }

  await here.page.getByRole('button', { name: 'End the session on Safari on iPhone' }).click();
  await expect(here.sessions).toHaveCount(2);
  await expect(here.sessions.filter({ hasText: 'Safari on iPhone' })).toHaveCount(0);
  await phone.expectSignedOut();
  await firefox.open();

  await here.page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(here.page).toHaveURL(/\/sign-in$/);
  for (const device of [here, firefox]) await device.expectSignedOut();

  await here.signIn(email, PASSWORD);
  await expect(here.sessions).toHaveCount(1);
  await here.page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(here.page).toHaveURL(/\/sign-in$/);
  await here.expectSignedOut();
});

test('a second factor is set up with the shown key, and asked for with a code or a recovery code', async ({
  world,
  pageAs,
}) => {
  test.setTimeout(120_000);
  const { userId, email } = await addPerson(world, 'Factor');
  const here = new AccountPage(await pageAs(userId));
  await here.open();
  await here.secondFactor.getByRole('button', { name: 'Turn on' }).click();
  await expect(here.secondFactor.getByRole('img', { name: 'QR code of the key below' })).toBeVisible();
  const key = here.secondFactor.getByLabel('Key', { exact: true });
  const secret = await key.inputValue();
  // a phone shows all of it
  const desktop = here.page.viewportSize();
  await here.page.setViewportSize({ width: 390, height: 800 });
  const hidden = await key.evaluate((box) => [
    box.scrollWidth - box.clientWidth,
    box.scrollHeight - box.clientHeight,
  ]);
  expect(Math.max(...hidden)).toBeLessThanOrEqual(0);
  if (desktop) await here.page.setViewportSize(desktop);
  const firstAt = Date.now();
  const code = here.secondFactor.getByLabel('Code', { exact: true });
  // an hour off: no code that the server would take
  await code.fill(codeOf(secret, firstAt - 3_600_000));
  await here.secondFactor.getByRole('button', { name: 'Turn on' }).click();
  await expect(here.secondFactor.getByRole('alert')).toContainText('This code is not right.');
  await code.fill(codeOf(secret, firstAt));
  await here.secondFactor.getByRole('button', { name: 'Turn on' }).click();
  const codes = here.secondFactor.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem');
  await expect(codes).toHaveCount(10);
  const [recovery = ''] = await codes.allTextContents();
  await expect(here.secondFactor).toContainText('10 recovery codes are left.');
  await here.page.reload();
  await expect(codes).toHaveCount(0);

  const again = new AccountPage(await pageAs(null));
  await again.signIn(email, PASSWORD);
  await expect(again.page.getByLabel('Code')).toBeFocused();
  await expect(again.alert).toHaveCount(0);
  // a code signs in once, and that of the set-up was used there
  await again.enterCode(codeOf(secret, firstAt));
  await expect(again.alert).toContainText('This code is not right, or was used before.');
  // the next one counts already, so that clocks may differ
  await again.enterCode(codeOf(secret, firstAt + 30_000));
  await expect(again.password).toBeVisible();

  const lost = new AccountPage(await pageAs(null));
  await lost.signIn(email, PASSWORD);
  await lost.enterCode(recovery.toUpperCase().replaceAll('-', ' '));
  await expect(lost.secondFactor).toContainText('9 recovery codes are left.');
  await lost.page.context().clearCookies();
  await lost.signIn(email, PASSWORD);
  await lost.enterCode(recovery);
  await expect(lost.alert).toContainText('This code is not right, or was used before.');

  await here.open();
  const password = here.secondFactor.getByLabel('Password');
  await password.fill('not the password');
  await here.secondFactor.getByRole('button', { name: 'Turn off' }).click();
  await expect(here.secondFactor.getByRole('alert')).toHaveText('The current password is not right.');
  await password.fill(PASSWORD);
  await here.secondFactor.getByRole('button', { name: 'New recovery codes' }).click();
  await expect(codes).toHaveCount(10);
  expect(await codes.allTextContents()).not.toContain(recovery);
  await password.fill(PASSWORD);
  await here.secondFactor.getByRole('button', { name: 'Turn off' }).click();
  await expect(here.secondFactor.getByRole('heading')).toHaveText('Second factor off');
  await expect(codes).toHaveCount(0);
  await lost.signIn(email, PASSWORD);
  await expect(lost.password).toBeVisible();
});

test('the reset link of an owner sets a password once, and ends what was open', async ({ world, pageAs }) => {
  test.setTimeout(120_000);
  const { project, people } = world.addProject('Reset');
  const slug = project.slug;
  const name = 'Reset annotator';
  const email = `${people.annotator}@example.org`;
  await givePassword(world, people.annotator);
  const ctx = world.ctxAs(people.annotator);
  const { secret } = await beginSecondFactor({ ctx });
  await confirmSecondFactor({ ctx, input: { code: codeOf(secret, Date.now()) } }, createSignInLimits());
  const signedIn = new AccountPage(await pageAs(people.annotator));
  await signedIn.open();

  // owning a project is not enough: the account is the installation's
  const owner = await pageAs(people.owner);
  await owner.goto(`/projects/${slug}/members`);
  await expect(owner.getByRole('button', { name: `Remove ${name}` })).toBeVisible();
  await expect(owner.getByRole('button', { name: /^Reset link/ })).toHaveCount(0);
  world.db.update(users).set({ isInstanceOwner: true }).where(eq(users.id, people.owner)).run();

  const revoked = await makeResetLink(owner, { slug, name });
  const first = await makeResetLink(owner, { slug, name });
  const page = await pageAs(null);
  await page.goto(revoked);
  await expect(page.getByRole('heading', { name: 'This link does not work' })).toBeVisible();

  await page.goto(first);
  await expect(page.getByRole('heading', { name: `A new password for ${name}` })).toBeVisible();
  const late = await pageAs(null);
  await late.goto(first);
  for (const tab of [page, late]) await tab.getByLabel('New password').fill(NEW_PASSWORD);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await expect(page.getByRole('main').getByRole('status')).toContainText('The new password is set');
  await expect(page).toHaveURL(/\/sign-in\?done=reset$/);
  await signedIn.expectSignedOut();
  // who opened it before it was used comes too late, and who opens it afterwards is told
  await late.getByRole('button', { name: 'Set the password' }).click();
  await expect(late.getByRole('main').getByRole('alert')).toContainText('This link is not valid any more');
  await late.goto(first);
  await expect(late.getByRole('heading', { name: 'This link does not work' })).toBeVisible();
  await expect(late.getByLabel('New password')).toHaveCount(0);

  const person = new AccountPage(page);
  await person.signIn(email, NEW_PASSWORD);
  await expect(page.getByLabel('Code')).toBeVisible();
  const second = await makeResetLink(owner, { slug, name, endsSecondFactor: true });
  await page.goto(second);
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await expect(page.getByRole('main').getByRole('status')).toContainText('The new password is set');
  await expect(page).toHaveURL(/\/sign-in\?done=reset$/);
  await person.signIn(email, PASSWORD);
  await expect(person.secondFactor.getByRole('heading')).toHaveText('Second factor off');
});

test('a member whom an owner removes labels no more, and what they judged stays', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Removal');
  world.addTasks(project, people.owner, [
    { prompt: 'Kept', responses: ['the first one', 'the other one'] },
    { prompt: 'Never answered', responses: ['alpha', 'beta'] },
  ]);
  const annotator = await pageAs(people.annotator);
  const label = new LabelPage(annotator);
  await label.open(project.slug);
  await label.press(await label.keyOf('first'));
  await label.submit();
  await label.settled();
  const before = judgmentsOf(world, project.id);
  expect(before.map((row) => row.ranking)).toEqual([[['the first one'], ['the other one']]]);
  await expect(label.prompt).toContainText('Never answered');

  const owner = await pageAs(people.owner);
  await owner.goto(`/projects/${project.slug}/members`);
  const row = owner.getByRole('region', { name: 'Members' }).getByRole('row', { name: /Removal annotator/ });
  const remove = row.getByRole('button', { name: 'Remove Removal annotator' });
  await remove.click();
  await owner.getByRole('button', { name: 'Keep' }).click();
  await expect(row).toBeVisible();
  await remove.click();
  await owner.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(row).toHaveCount(0);

  // a page that was open takes no answer any more, and does not open again
  await label.press('1', 'Enter');
  await expect(label.queueStatus).toContainText(
    'An answer was not taken: You are no longer a member of this project.',
  );
  await annotator.goto(`/label/${project.slug}`);
  await expect(annotator.getByText('This page could not be found')).toBeVisible();
  await annotator.goto('/');
  await expect(annotator.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(annotator.getByRole('link', { name: 'Removal', exact: true })).toHaveCount(0);

  expect(judgmentsOf(world, project.id)).toEqual(before);
  await owner.goto(`/projects/${project.slug}/data/judgments`);
  await expect(owner.getByRole('link', { name: 'Kept' })).toBeVisible();
  // the task they held is free for the others
  const researcher = new LabelPage(await pageAs(people.researcher));
  await researcher.open(project.slug);
  await expect(researcher.prompt).toContainText('Never answered');
});
