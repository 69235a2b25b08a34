/**
 * The pages where it ends: with a code to carry over, with a word, or with an error.
 *
 * Decides what is told when nothing is left to do here.
 */
import { html } from './html.ts';
import type { Page } from './page.ts';

/** The code, for a program that has no address on the web. */
export function codePage(site: string, client: string, code: string): Page {
  const content = html`<p>Copy this code and paste it where <strong>${client}</strong> asks for it:</p>
<output id="code">${code}</output>
<p class="note">It is good for ten minutes, once. Give it to nobody else.</p>`;
  return { title: 'Your code', site, content, status: 200 };
}

/** The end of it, at a device or where no application waits in the browser. */
export function donePage(site: string, granted: boolean): Page {
  const content = granted
    ? html`<p>Go back to your device; it will go on by itself. You can close this page.</p>`
    : html`<p>The application gets no access. You can close this page.</p>`;
  return { title: granted ? 'Access allowed' : 'Access denied', site, content, status: 200 };
}

/**
 * What went wrong.
 *
 * @param to where the application is told, when the person goes there
 */
export function faultPage(
  site: string,
  { text, status }: { readonly text: string; readonly status: number },
  to?: string,
): Page {
  const back =
    to === undefined
      ? html`<p>Go back to the application and begin again.</p>`
      : html`<p><a href="${to}">Go back to ${new URL(to).host}</a></p>`;
  const content = html`<p role="alert">${text}</p>
${back}`;
  return { title: 'This did not work', site, content, status };
}
