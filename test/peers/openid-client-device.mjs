// openid-client on a device: it shows a code and asks for its tokens until a
// person has typed the code into a browser elsewhere.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { connectDevice } from './browser.mjs';
import { done, newBrowser, peer } from './peer.mjs';

const config = await client.discovery(new URL(peer.issuer), peer.clientId, undefined, client.None(), {
  execute: [client.allowInsecureRequests],
});
client.enableNonRepudiationChecks(config);

const waiting = await client.initiateDeviceAuthorization(config, {
  scope: 'openid offline_access profile read:orders',
  resource: peer.resource,
});
assert.match(waiting.user_code, /^[B-Z]{4}-[B-Z]{4}$/);

const polled = client.pollDeviceAuthorizationGrant(config, waiting, { resource: peer.resource });
await connectDevice(newBrowser(), waiting.verification_uri, waiting.user_code, peer);
const tokens = await polled;
const claims = tokens.claims();
assert.equal(claims.username, peer.username);
assert.equal(tokens.scope, 'read:orders');

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.equal((await client.fetchUserInfo(config, refreshed.access_token, claims.sub)).username, peer.username);

done();
