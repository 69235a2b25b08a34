/**
 * The page where somebody types the code that his device shows (RFC 8628 §3.3).
 *
 * Decides how the code may be written: as it is read.
 */
import { OAUTH_PATHS } from '../../oauth/metadata.ts';
import { html } from './html.ts';
import { alert, type Page } from './page.ts';

/** What the page shows. */
export interface DeviceView {
  readonly site: string;
  readonly problem?: { readonly text: string; readonly status: number } | undefined;
}

/** The page for user codes. */
export function devicePage({ site, problem }: DeviceView): Page {
  const invalid = problem === undefined ? undefined : html` aria-invalid="true"`;
  const content = html`${alert(problem?.text)}
<form method="get" action="${OAUTH_PATHS.device}">
<label for="user_code">Code</label>
<p class="note" id="hint">Eight letters, as your device shows them.</p>
<input id="user_code" name="user_code" class="user-code" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" maxlength="32" required autofocus aria-describedby="${problem === undefined ? 'hint' : 'problem hint'}"${invalid}>
<p class="buttons"><button>Continue</button></p>
</form>`;
  const title = problem === undefined ? 'Connect a device' : 'Connect a device: try again';
  return { title, site, content, status: problem?.status ?? 200 };
}
