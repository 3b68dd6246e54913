// openid-client against an application that keeps to the FAPI 2.0 security profile:
// it signs assertions, pushes its requests and binds its tokens to a key.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { signIn } from './browser.mjs';
import { done, newBrowser, peer } from './peer.mjs';

const jwk = JSON.parse(process.env.PRIVATE_JWK);
const key = { key: await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']), kid: jwk.kid };
const config = await client.discovery(new URL(peer.issuer), peer.clientId, undefined, client.PrivateKeyJwt(key, {
  // The profile takes the issuer as the one audience.
  [client.modifyAssertion]: (header, payload) => { payload.aud = peer.issuer; },
}), { execute: [client.allowInsecureRequests] });

const browser = newBrowser();
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
const verifier = client.randomPKCECodeVerifier();
const parameters = {
  redirect_uri: peer.redirectUri,
  scope: 'openid offline_access profile',
  prompt: 'consent',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
};
const checks = { pkceCodeVerifier: verifier, idTokenExpected: true };

const ahead = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
const callback = await signIn(browser, ahead, peer);
assert.equal(callback.searchParams.get('iss'), peer.issuer);
const tokens = await client.authorizationCodeGrant(config, callback, checks, undefined, { DPoP });
const sub = tokens.claims().sub;
assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).username, peer.username);
await assert.rejects(client.fetchUserInfo(config, tokens.access_token, sub));

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
assert.equal(refreshed.token_type, 'dpop');
await assert.rejects(client.refreshTokenGrant(config, refreshed.refresh_token), { error: 'invalid_dpop_proof' });

// A request that was not pushed gets no code, and nobody is asked anything.
const refused = await signIn(browser, client.buildAuthorizationUrl(config, parameters), peer);
assert.deepEqual([refused.searchParams.get('error'), refused.searchParams.has('code')], ['invalid_request', false]);

done();
