/**
 * The domains and accounts of a run.
 *
 * Decides their names; the secrets are made anew for each run.
 */
import { newSecret } from '../test/support/secrets.ts';

/** The virtual host of the recipient; on Prosody, its passwords are stored as they are. */
export const PLAIN = 'plain.example';
/** A virtual host of Prosody with hashed passwords, which is the default there. */
export const HASHED = 'hashed.example';
/** A virtual host of Prosody that archives messages. */
export const ARCHIVE = 'archive.example';
/** The component that Restanza serves, and others for what must not be disturbed by it. */
export const GATEWAY = 'rest.example';
export const BOT = 'bot.example';
export const STARTER = 'start.example';
/** The component that writes ready-made stanzas. */
export const SOURCE = 'source.example';
/** The component that mod_rest serves, for its callbacks. */
export const PEER_BOT = 'peer-bot.example';
/** The domain that Restanza serves by itself. */
export const EMBEDDED = 'localhost';

/** The components that connect from outside. */
export const COMPONENTS: readonly string[] = [GATEWAY, BOT, STARTER, SOURCE];

/** Localparts of the two accounts of each domain. */
export const SENDER = 'sender';
export const RECIPIENT = 'recipient';

/** The one password and component secret of a run. */
export const SECRET = newSecret();
