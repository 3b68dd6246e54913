// openid-client, a certified relying party: code flow with PKCE, refresh,
// userinfo, RP-initiated logout.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { signIn, signOut } from './browser.mjs';
import { done, newBrowser, peer } from './peer.mjs';

const authentication = peer.clientSecret ? client.ClientSecretBasic(peer.clientSecret) : client.None();
const config = await client.discovery(new URL(peer.issuer), peer.clientId, undefined, authentication, {
  execute: [client.allowInsecureRequests],
});
client.enableNonRepudiationChecks(config);

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const authorize = async (browser, parameters = {}) =>
  client.buildAuthorizationUrl(config, {
    redirect_uri: peer.redirectUri,
    scope: 'openid offline_access profile',
    prompt: 'consent',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...parameters,
  });

const browser = newBrowser();
const callback = await signIn(browser, await authorize(), peer);
assert.equal(callback.searchParams.get('iss'), peer.issuer, 'RFC 9207: the answer names its issuer');

const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
const tokens = await client.authorizationCodeGrant(config, callback, checks);
const claims = tokens.claims();
assert.equal(claims.username, peer.username);
assert.equal(claims.aud, peer.clientId);
assert.ok(tokens.refresh_token, 'offline_access with consent gives a refresh token');

const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
assert.equal(user.username, peer.username);

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.notEqual(refreshed.access_token, tokens.access_token);
assert.equal((await client.fetchUserInfo(config, refreshed.access_token, claims.sub)).sub, claims.sub);

// The session lasts: the next authorization asks nothing.
const silent = await signIn(browser, await authorize(browser, { prompt: 'none', scope: 'openid' }), peer);
const again = await client.authorizationCodeGrant(config, silent, checks);
assert.equal(again.claims().sub, claims.sub);

// The endpoint says what a token is good for (RFC 7662).
const told = await client.tokenIntrospection(config, again.access_token);
assert.deepEqual([told.active, told.sub, told.client_id, told.scope], [true, claims.sub, peer.clientId, 'openid']);

// A request that was sent ahead (RFC 9126).
const ahead = await client.buildAuthorizationUrlWithPAR(config, Object.fromEntries((await authorize(browser, { prompt: 'none', scope: 'openid' })).searchParams));
assert.deepEqual([...ahead.searchParams.keys()].sort(), ['client_id', 'request_uri']);
const pushed = await client.authorizationCodeGrant(config, await signIn(browser, ahead, peer), checks);
assert.equal(pushed.claims().sub, claims.sub);

// An API's token, whose claims and signature are its own to check (RFC 9068).
const granted = await client.authorizationCodeGrant(
  config,
  await signIn(browser, await authorize(browser, { scope: 'openid offline_access read:orders', resource: peer.resource }), peer),
  checks,
  { resource: peer.resource },
);
assert.equal(granted.scope, 'read:orders');
const [, payload] = granted.access_token.split('.');
assert.equal(JSON.parse(Buffer.from(payload, 'base64url')).aud, peer.resource);

// A code is spent once, and its second use takes the tokens with it.
await assert.rejects(client.authorizationCodeGrant(config, callback, checks), { error: 'invalid_grant' });
await assert.rejects(client.fetchUserInfo(config, tokens.access_token, claims.sub));

const left = await signOut(
  browser,
  client.buildEndSessionUrl(config, {
    id_token_hint: again.id_token,
    post_logout_redirect_uri: peer.postLogoutRedirectUri,
    state: 'left',
  }),
);
assert.equal(left.searchParams.get('state'), 'left');

// And ends: without a session, prompt=none is refused to the client.
const refused = await signIn(browser, await authorize(browser, { prompt: 'none', scope: 'openid' }), peer);
await assert.rejects(client.authorizationCodeGrant(config, refused, checks), { error: 'login_required' });

done();
