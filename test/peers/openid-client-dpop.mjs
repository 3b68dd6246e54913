// openid-client with DPoP (RFC 9449), where the tenant demands nonces: a code
// that is bound by dpop_jkt, one that is bound by a pushed request, refresh,
// userinfo.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { signIn } from './browser.mjs';
import { done, newBrowser, peer } from './peer.mjs';

const authentication = peer.clientSecret ? client.ClientSecretBasic(peer.clientSecret) : client.None();
const config = await client.discovery(new URL(peer.issuer), peer.clientId, undefined, authentication, {
  execute: [client.allowInsecureRequests],
});
assert.ok(config.serverMetadata().dpop_signing_alg_values_supported.includes('ES256'));

const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
const thief = client.getDPoPHandle(config, await client.randomDPoPKeyPair('PS256'));
const verifier = client.randomPKCECodeVerifier();
const parameters = {
  redirect_uri: peer.redirectUri,
  scope: 'openid offline_access profile',
  prompt: 'consent',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
};
const checks = { pkceCodeVerifier: verifier, idTokenExpected: true };
const browser = newBrowser();

const bound = { ...parameters, dpop_jkt: await DPoP.calculateThumbprint() };
const callback = await signIn(browser, client.buildAuthorizationUrl(config, bound), peer);
await assert.rejects(client.authorizationCodeGrant(config, callback, checks, undefined, { DPoP: thief }), { error: 'invalid_grant' });
await assert.rejects(client.authorizationCodeGrant(config, callback, checks), { error: 'invalid_grant' });
const tokens = await client.authorizationCodeGrant(config, callback, checks, undefined, { DPoP });
assert.equal(tokens.token_type, 'dpop');

const sub = tokens.claims().sub;
assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).username, peer.username);
await assert.rejects(client.fetchUserInfo(config, tokens.access_token, sub));
await assert.rejects(client.fetchUserInfo(config, tokens.access_token, sub, { DPoP: thief }));

const told = await client.tokenIntrospection(config, tokens.access_token);
assert.deepEqual([told.active, told.cnf.jkt], [true, await DPoP.calculateThumbprint()]);

if (!peer.clientSecret) {
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP: thief }), { error: 'invalid_grant' });
}
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
assert.equal((await client.fetchUserInfo(config, refreshed.access_token, sub, { DPoP })).sub, sub);

const ahead = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
const pushed = await signIn(browser, ahead, peer);
await assert.rejects(client.authorizationCodeGrant(config, pushed, checks), { error: 'invalid_grant' });
assert.equal((await client.authorizationCodeGrant(config, pushed, checks, undefined, { DPoP })).claims().sub, sub);

done();
