/**
 * `html`: XHTML-IM (XEP-0071) as a string.
 *
 * Decides that the string is the XML of the first XHTML body, without its namespace declaration, and that what is written
 * need not have a body element. HTML that is not XML is refused with its place.
 */
import { childNamed, type Element, element } from '../../xml/element.ts';
import { CLIENT_LIMITS } from '../../xml/limits.ts';
import { parseDocument } from '../../xml/parse.ts';
import { write } from '../../xml/write.ts';
import { XmlError } from '../../xml/xml-error.ts';
import { NS } from '../../xmpp/ns.ts';
import { MappingError } from '../json.ts';
import { STRING } from '../scalar.ts';
import type { Shape } from '../shape.ts';

/** The shape of `html`. */
export const XHTML: Shape<string> = {
  elements: [{ name: 'html', ns: NS.xhtmlIm }],
  schema: STRING.schema,
  read(found) {
    const body = childNamed(found, 'body', NS.xhtml);
    return body === undefined ? undefined : write(body, { defaultNs: NS.xhtml });
  },
  write: (value, path) => element('html', NS.xhtmlIm, {}, contentOf(STRING.print(value, path), path)),
};

/** The nodes of a string of XHTML. A stray end tag in it closes the element around it too early, which is an error. */
function contentOf(html: string, path: string): Element['children'] {
  try {
    return parseDocument(`<html>${html}</html>`, CLIENT_LIMITS, NS.xhtml).children;
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new MappingError(path, `must be XHTML that is well-formed XML: ${error.message}`);
  }
}
