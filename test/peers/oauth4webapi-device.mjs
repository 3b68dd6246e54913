// oauth4webapi on a device: every answer of the flow is checked against RFC 8628.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { connectDevice } from './browser.mjs';
import { done, newBrowser, peer } from './peer.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(peer.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
const client = { client_id: peer.clientId };

const begin = async () =>
  oauth.processDeviceAuthorizationResponse(
    as,
    client,
    await oauth.deviceAuthorizationRequest(as, client, oauth.None(), { scope: 'openid offline_access profile' }, insecure),
  );
const poll = async (waiting) =>
  oauth.processDeviceCodeResponse(
    as,
    client,
    await oauth.deviceCodeGrantRequest(as, client, oauth.None(), waiting.device_code, insecure),
  );

const waiting = await begin();
await assert.rejects(poll(waiting), { error: 'authorization_pending' });
await assert.rejects(poll(waiting), { error: 'authorization_pending' }, 'asking at once is not punished');

const browser = newBrowser();
await connectDevice(browser, waiting.verification_uri, waiting.user_code, peer);
const tokens = await poll(waiting);
assert.equal(oauth.getValidatedIdTokenClaims(tokens).username, peer.username);
assert.ok(tokens.refresh_token, 'offline_access needs no prompt on a device');

// A person who says no, here by the link of the device.
const refused = await begin();
await browser.open(refused.verification_uri_complete);
await browser.submit('It is not mine');
await assert.rejects(poll(refused), { error: 'access_denied' });

// A device code is spent once, and its second use takes the tokens with it.
await assert.rejects(poll(waiting), { error: 'invalid_grant' });
await assert.rejects(
  oauth
    .refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token, insecure)
    .then((response) => oauth.processRefreshTokenResponse(as, client, response)),
  { error: 'invalid_grant' },
);

done();
