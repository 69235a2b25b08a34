/**
 * An error as the body of an HTTP answer.
 *
 * Decides the JSON and the XML form, which are mod_rest's: in JSON `{type, code, error: {type, condition, text}}`, in XML a
 * stream error. JSON also names our stable code as `error.reason`. JSON is the default; XML goes to whom asks for it.
 */
import type { ErrorRow, RestanzaError } from '../errors.ts';
import { element } from '../xml/element.ts';
import { write } from '../xml/write.ts';
import { isStreamCondition } from '../xmpp/conditions.ts';
import { NS } from '../xmpp/ns.ts';
import { parseAccept } from './accept.ts';
import { JSON_CODEC } from './json.ts';
import { XML_CODEC } from './xml.ts';

/** A body with its type. */
export interface ErrorBody {
  readonly mediaType: string;
  readonly body: string;
}

const XML_TYPES = [XML_CODEC.mediaType, 'application/xml', 'text/xml'];

/**
 * Renders an error.
 *
 * @param accept the `Accept` field of the request
 */
export function errorBody(error: RestanzaError, accept: string | undefined): ErrorBody {
  const wanted = parseAccept(accept ?? '').find(
    ({ range }) => range === JSON_CODEC.mediaType || XML_TYPES.includes(range),
  );
  return wanted !== undefined && XML_TYPES.includes(wanted.range) ? xmlBody(error) : jsonBody(error);
}

function jsonBody({ code, message, row }: RestanzaError): ErrorBody {
  const { status, type, condition } = row;
  const error = { type, condition, text: message, reason: code };
  return { mediaType: JSON_CODEC.mediaType, body: JSON.stringify({ type: 'error', code: status, error }) };
}

function xmlBody({ message, row }: RestanzaError): ErrorBody {
  const text = element('text', NS.streamErrors, { 'xml:lang': 'en' }, [printable(message)]);
  const error = element('error', NS.stream, {}, [element(streamCondition(row), NS.streamErrors), text]);
  return { mediaType: XML_CODEC.mediaType, body: write(error) };
}

/** A stream error cannot have a stanza's condition. */
function streamCondition({ condition }: ErrorRow): string {
  return isStreamCondition(condition) ? condition : 'undefined-condition';
}

/** A message may quote what came from outside, which need not be XML text. */
function printable(message: string): string {
  return message.toWellFormed().replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
