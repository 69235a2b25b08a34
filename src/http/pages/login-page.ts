/**
 * The page where somebody says who he is.
 *
 * Decides what is asked and what is told: who wants access is said before the password is typed, and of wrong credentials only
 * that they are wrong.
 */
import { OAUTH_PATHS } from '../../oauth/metadata.ts';
import { html } from './html.ts';
import { alert, type Page } from './page.ts';

/** What the page shows. */
export interface LoginView {
  readonly site: string;
  /** The application that waits. */
  readonly client: string;
  /** What the form carries. */
  readonly form: string;
  /** What stands in the field for the name. */
  readonly name?: string | undefined;
  /** The user code, where a device waits. */
  readonly userCode?: string | undefined;
  readonly problem?: { readonly text: string; readonly status: number } | undefined;
  readonly leadsTo?: string | undefined;
}

/** The login page. */
export function loginPage({ site, client, form, name, userCode, problem, leadsTo }: LoginView): Page {
  const invalid = problem === undefined ? undefined : html` aria-invalid="true" aria-describedby="problem"`;
  const device =
    userCode === undefined
      ? undefined
      : html`<p>The device shows this code: <strong>${userCode}</strong>. If it shows another one, go no further.</p>`;
  const focus = html` autofocus`;
  const content = html`${alert(problem?.text)}
<p><strong>${client}</strong> asks for access to your account.</p>
${device}
<form method="post" action="${OAUTH_PATHS.authorize}">
<input type="hidden" name="form" value="${form}">
<label for="username">User name</label>
<input id="username" name="username" value="${name}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="2048" required${invalid}${name === undefined ? focus : undefined}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required${invalid}${name === undefined ? undefined : focus}>
<p class="buttons"><button name="decision" value="login">Log in</button>
<button name="decision" value="deny" class="other" formnovalidate>Cancel</button></p>
</form>
<p class="note">The application does not see your password.</p>`;
  const title = problem === undefined ? 'Log in' : 'Log in: try again';
  return { title, site, content, status: problem?.status ?? 200, leadsTo };
}
