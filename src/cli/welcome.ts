/**
 * What the embedded default says to someone who tries Restanza for the first time.
 *
 * Decides the lines to paste. They hold passwords, so they are printed once and never logged.
 */
import type { Welcome } from '../compose.ts';

/**
 * The text to print when the gateway runs.
 *
 * @param url where HTTP is served
 */
export function welcomeText(url: string, { domain, c2s, passwords }: Welcome): string {
  const [sender, recipient] = passwords;
  if (sender === undefined || recipient === undefined) return `${LATER}\n`;
  const to = `${recipient[0]}@${domain}`;
  const json = JSON.stringify({ kind: 'message', type: 'chat', to, body: 'Hello!' });
  return [
    '\nRestanza runs. Send a message:\n\n',
    `  curl ${url}/rest --user '${sender.join(':')}' -H 'Content-Type: application/json' --data-binary '${json}'\n`,
    '\nReceive it with any XMPP client:\n\n',
    `  address ${to}, password ${recipient[1]}, server ${c2s}\n\n`,
  ].join('');
}

const LATER = 'The passwords of alice and bob were printed at the first start. Remove the data folder to get new ones.';
