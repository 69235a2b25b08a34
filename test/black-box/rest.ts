/**
 * The black-box contract of `POST /rest`: what a user of the API may rely on, whatever XMPP server stands behind it.
 *
 * Decides which cases there are and that every back end runs them all. They see HTTP on one side and a real client on the
 * other; of the gateway's own code they import only what reads and writes XML.
 */
import { after, before, beforeEach, describe } from 'node:test';
import { badInputCases } from './bad-input.ts';
import { deliveryCases } from './delivery.ts';
import { endCases } from './end.ts';
import { type Contract, House } from './house.ts';
import { identityCases } from './identity.ts';
import { loadCases } from './load.ts';
import { requestCases } from './requests.ts';

/** Milliseconds for all cases of one back end. */
const WHOLE = 300_000;

const GROUPS = {
  delivery: deliveryCases,
  requests: requestCases,
  identity: identityCases,
  'bad input': badInputCases,
  load: loadCases,
  'the end': endCases,
};

/**
 * Registers the whole contract for one back end. Its end is a case too: the gateway drains at SIGTERM, exits with 0, has
 * written nothing to standard error and no secret to its log.
 */
export function restContract(contract: Contract): void {
  describe(`POST /rest, ${contract.name}`, { timeout: WHOLE }, () => {
    let opened: House | undefined;
    const house = () => {
      if (opened === undefined) throw new Error('the gateway did not start');
      return opened;
    };
    before(async () => {
      opened = await House.open(contract);
    });
    // What the last case has left at the peer is not for the next one to wonder about.
    beforeEach(async () => {
      await house().allArrived();
    });
    after(async () => {
      await opened?.[Symbol.asyncDispose]();
    });
    for (const [name, register] of Object.entries(GROUPS)) describe(name, () => register(house));
  });
}
