/**
 * Debian's Chromium without a screen, driven by `playwright-core`.
 *
 * Decides how it is started and that it is gone when the test is.
 */
import { type Browser, chromium } from 'playwright-core';

/** A browser that ends with its test. */
export interface TestBrowser extends AsyncDisposable {
  readonly browser: Browser;
}

/** Starts a browser. */
export async function startChromium(): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Root, as tests often are in a container, has no sandbox there.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  return { browser, [Symbol.asyncDispose]: () => browser.close() };
}
