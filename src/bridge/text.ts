/**
 * `text/plain`: a body that is only what a stanza says. Input only; no answer is ever text.
 *
 * Decides where the text goes, as mod_rest does: it is the body of a message and the `show` of a presence, as the path
 * says; without a path it is a chat message to the sender's own account. The text is taken as it is, white space included.
 */
import { RestanzaError } from '../errors.ts';
import type { Kind, Stanza } from '../xmpp/stanza.ts';
import type { DecodeHints, Decoder } from './codec.ts';
import type { PathHints } from './path.ts';
import { stanzaOf } from './stanza-value.ts';
import { readUtf8 } from './utf8.ts';

/** The decoder for plain text. */
export const TEXT_DECODER: Decoder = {
  mediaType: 'text/plain',
  // RFC 2046 §4.1.2; ASCII is UTF-8 too.
  charsets: ['utf-8', 'utf8', 'us-ascii'],
  heedsPath: true,
  decode: (body, hints) => stanzaOfText(readUtf8(body), hints),
};

const UNPLACED: PathHints = { kind: 'message', type: 'chat' };

const KEY_OF_TEXT: Readonly<Record<Kind, string | undefined>> = { message: 'body', presence: 'show', iq: undefined };

/**
 * Makes a stanza of a text.
 *
 * @throws RestanzaError `body-malformed` when the path says that it is an iq, `value-invalid` for a character outside XML
 */
export function stanzaOfText(text: string, hints: DecodeHints): Stanza {
  const { path = UNPLACED } = hints;
  const key = KEY_OF_TEXT[path.kind];
  if (key === undefined) throw new RestanzaError('body-malformed', 'an iq cannot be made of plain text; send JSON');
  return stanzaOf({ [key]: text }, { ...hints, path });
}
