/**
 * The page where somebody decides what an application may do.
 *
 * Decides what he is told of it: the name and page that it gave itself, where the answer goes, and each thing that it may do.
 */
import { OAUTH_PATHS } from '../../oauth/metadata.ts';
import { html } from './html.ts';
import type { Page } from './page.ts';

/** What the page shows. */
export interface ConsentView {
  readonly site: string;
  readonly account: string;
  readonly client: { readonly name: string; readonly uri: string };
  /** Each goes on after «may». */
  readonly meanings: readonly string[];
  /** Where the answer goes, for people; absent for a device. */
  readonly target?: string | undefined;
  /** What the form carries. */
  readonly consent: string;
  readonly leadsTo?: string | undefined;
}

/** The consent page. */
export function consentPage(view: ConsentView): Page {
  const { site, account, client, meanings, target, consent, leadsTo } = view;
  const where =
    target === undefined
      ? html`<p>Go on only if you have begun this yourself, on a device of your own.</p>`
      : html`<p>The answer goes to <strong>${target}</strong>.</p>`;
  const content = html`<p><strong>${client.name}</strong> will be able to do this as <strong>${account}</strong>:</p>
<ul>
${meanings.map(meaning => html`<li>${meaning}</li>\n`)}</ul>
<p class="note">The application has named itself, and says that its page is ${client.uri}. Nobody has checked that.</p>
${where}
<form method="post" action="${OAUTH_PATHS.authorize}">
<input type="hidden" name="consent" value="${consent}">
<p class="buttons"><button name="decision" value="allow">Allow</button>
<button name="decision" value="deny" class="other">Deny</button></p>
</form>`;
  return { title: 'Allow access?', site, content, status: 200, leadsTo };
}
