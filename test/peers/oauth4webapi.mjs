// oauth4webapi, the strictest reader of OAuth answers: every response is
// checked against the RFCs. Client secret in the body where there is one.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { signIn, signOut } from './browser.mjs';
import { done, newBrowser, peer } from './peer.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(peer.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
const metadata = await fetch(`${peer.issuer}/.well-known/oauth-authorization-server`);
assert.deepEqual(await metadata.json(), as, 'RFC 8414 metadata says what OpenID discovery says');

const client = { client_id: peer.clientId };
const authentication = peer.clientSecret ? oauth.ClientSecretPost(peer.clientSecret) : oauth.None();

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
const authorization = new URL(as.authorization_endpoint);
authorization.search = new URLSearchParams({
  client_id: peer.clientId,
  redirect_uri: peer.redirectUri,
  response_type: 'code',
  scope: 'openid offline_access profile',
  prompt: 'consent',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
}).toString();

const browser = newBrowser();
const callback = await signIn(browser, authorization, peer);
const parameters = oauth.validateAuthResponse(as, client, callback, state);

const redeem = (codeVerifier) =>
  oauth.authorizationCodeGrantRequest(as, client, authentication, parameters, peer.redirectUri, codeVerifier, insecure);
const result = await oauth.processAuthorizationCodeResponse(as, client, await redeem(verifier), {
  expectedNonce: nonce,
  requireIdToken: true,
});
const claims = oauth.getValidatedIdTokenClaims(result);
assert.equal(claims.username, peer.username);

const userinfo = async (accessToken) =>
  oauth.processUserInfoResponse(as, client, claims.sub, await oauth.userInfoRequest(as, client, accessToken, insecure));
assert.equal((await userinfo(result.access_token)).username, peer.username);

const refresh = async (token) =>
  oauth.processRefreshTokenResponse(
    as,
    client,
    await oauth.refreshTokenGrantRequest(as, client, authentication, token, insecure),
  );
const refreshed = await refresh(result.refresh_token);
assert.equal((await userinfo(refreshed.access_token)).sub, claims.sub);

// Revoking the refresh token ends it.
const newest = refreshed.refresh_token ?? result.refresh_token;
await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, newest, insecure));
await assert.rejects(refresh(newest), { error: 'invalid_grant' });

const end = new URL(as.end_session_endpoint);
end.search = new URLSearchParams({
  client_id: peer.clientId,
  post_logout_redirect_uri: peer.postLogoutRedirectUri,
}).toString();
await signOut(browser, end);

// The next authorization asks for the password again.
await browser.open(authorization);
assert.ok(!browser.arrived, `signed out, yet ${browser.url}`);

done();
