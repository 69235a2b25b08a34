/**
 * `file_sharing` and `sources`: files that are shared (XEP-0447), with what is known of them (XEP-0446).
 *
 * Decides that of the sources the plain addresses are shown (XEP-0103). Other sources, and languages of a description,
 * stand in `extra`.
 */
import { NS } from '../../xmpp/ns.ts';
import { attribute, child, content, many, object, one } from '../object.ts';
import { COUNT, STRING } from '../scalar.ts';

/** XEP-0300 §2. */
const HASH = object('hash', NS.hashes, { algo: attribute(), value: content() });

/** XEP-0264 §3. */
const THUMBNAIL = object('thumbnail', NS.thumbs, {
  uri: attribute(),
  media_type: attribute(STRING, 'media-type'),
  width: attribute(COUNT),
  height: attribute(COUNT),
});

const FILE = object('file', NS.fileMetadata, {
  media_type: child(STRING, 'media-type'),
  name: child(),
  date: child(),
  size: child(COUNT),
  width: child(COUNT),
  height: child(COUNT),
  length: child(COUNT),
  desc: child(),
  hashes: many(() => HASH),
  thumbnails: many(() => THUMBNAIL),
});

const URL_DATA = object('url-data', NS.urlData, { target: attribute(), desc: child() });

/** The shape of `sources`, which adds sources to a file that another message shares. */
export const SOURCES = object('sources', NS.fileSharing, {
  id: attribute(),
  url_data: many(() => URL_DATA),
});

/** The shape of an item of `file_sharing`. */
export const FILE_SHARING = object('file-sharing', NS.fileSharing, {
  id: attribute(),
  disposition: attribute(),
  file: one(() => FILE),
  sources: one(() => SOURCES),
});
