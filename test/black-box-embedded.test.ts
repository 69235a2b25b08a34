/**
 * The black-box contract against the embedded host, with a peer of our own: all that it needs comes with npm.
 */
import { embedded } from './black-box/backends.ts';
import { restContract } from './black-box/rest.ts';
import { connectNative } from './support/native-peer.ts';

restContract({ name: 'embedded host, native peer', backend: embedded, peer: connectNative });
