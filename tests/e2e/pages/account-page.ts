import { expect, type Locator, type Page } from '@playwright/test';

/** The account page, and the way in that leads to it. */
export class AccountPage {
  readonly page: Page;
  readonly password: Locator;
  readonly secondFactor: Locator;
  readonly tokens: Locator;
  readonly sessions: Locator;
  /** what the sign-in page says went wrong; outside of main there is Next's own announcer */
  readonly alert: Locator;

  constructor(page: Page) {
    this.page = page;
    this.password = page.getByRole('region', { name: 'Password', exact: true });
    this.secondFactor = page.getByRole('region', { name: /^Second factor/ });
    this.tokens = page.getByRole('region', { name: 'API tokens' });
    this.sessions = page.getByRole('list', { name: 'Sessions' }).getByRole('listitem');
    this.alert = page.getByRole('main').getByRole('alert');
  }

  async open(): Promise<void> {
    await this.page.goto('/account');
    await expect(this.password).toBeVisible();
  }

  /** Fills in the sign-in page and sends it; the caller says what is to come of it. */
  async signIn(email: string, password: string): Promise<void> {
    await this.page.goto('/sign-in?next=/account');
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Answers the question for a code that follows a right password. */
  async enterCode(code: string): Promise<void> {
    await this.page.getByLabel('Code').fill(code);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  async changePassword(from: string, to: string): Promise<void> {
    await this.password.getByLabel('Current password').fill(from);
    await this.password.getByLabel('New password').fill(to);
    await this.password.getByRole('button', { name: 'Change password' }).click();
  }

  /** A new API token, as it is shown once. */
  async makeToken(name: string): Promise<string> {
    await this.tokens.getByLabel('What is it for?').fill(name);
    await this.tokens.getByRole('button', { name: 'Make a token' }).click();
    const field = this.tokens.getByLabel('Token', { exact: true });
    await expect(field).toHaveValue(/^plb_/);
    return field.inputValue();
  }

  /** Somebody without a living session is sent to sign in, wherever they go. */
  async expectSignedOut(): Promise<void> {
    await this.page.goto('/account');
    await expect(this.page).toHaveURL(/\/sign-in\?next=%2Faccount$/);
    await expect(this.page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  }
}
