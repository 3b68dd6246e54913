// openid-client as a client that sends no secret: it signs assertions (RFC 7523),
// and its authorization requests too where it has a private key (RFC 9101).
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { signIn } from './browser.mjs';
import { done, newBrowser, peer } from './peer.mjs';

const jwk = process.env.PRIVATE_JWK && JSON.parse(process.env.PRIVATE_JWK);
const algorithm = jwk?.kty === 'OKP' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256' };
const key = jwk && { key: await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']), kid: jwk.kid };
const authentication = key ? client.PrivateKeyJwt(key) : client.ClientSecretJwt(peer.clientSecret);
const config = await client.discovery(new URL(peer.issuer), peer.clientId, undefined, authentication, {
  execute: [client.allowInsecureRequests],
});
assert.ok(config.serverMetadata().request_parameter_supported);

const browser = newBrowser();
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const parameters = {
  redirect_uri: peer.redirectUri,
  scope: 'openid offline_access profile',
  prompt: 'consent',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
};
const checks = { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true };

const asked = key
  ? await client.buildAuthorizationUrlWithJAR(config, parameters, key)
  : client.buildAuthorizationUrl(config, parameters);
const tokens = await client.authorizationCodeGrant(config, await signIn(browser, asked, peer), checks);
assert.equal(tokens.claims().username, peer.username);

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const told = await client.tokenIntrospection(config, refreshed.access_token);
assert.deepEqual([told.active, told.client_id], [true, peer.clientId]);

// Sent ahead, and signed.
const inside = key
  ? (await client.buildAuthorizationUrlWithJAR(config, { ...parameters, prompt: 'none', scope: 'openid' }, key)).searchParams
  : new URLSearchParams({ ...parameters, prompt: 'none', scope: 'openid' });
const ahead = await client.buildAuthorizationUrlWithPAR(config, inside);
const pushed = await client.authorizationCodeGrant(config, await signIn(browser, ahead, peer), checks);
assert.equal(pushed.claims().sub, tokens.claims().sub);

await client.tokenRevocation(config, refreshed.access_token);
assert.equal((await client.tokenIntrospection(config, refreshed.access_token)).active, false);

// The secret alone, or another key, proves nothing.
const other = key
  ? client.PrivateKeyJwt((await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])).privateKey)
  : client.ClientSecretPost(peer.clientSecret);
const impostor = await client.discovery(new URL(peer.issuer), peer.clientId, undefined, other, { execute: [client.allowInsecureRequests] });
await assert.rejects(client.refreshTokenGrant(impostor, tokens.refresh_token), { error: 'invalid_client', status: 401 });

done();
