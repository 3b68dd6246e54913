// oauth4webapi with DPoP (RFC 9449), where the tenant demands nonces: a pushed
// request, the code, an API's token, the Account API with a bound token.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { signIn } from './browser.mjs';
import { done, newBrowser, peer } from './peer.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(peer.issuer);
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
const client = { client_id: peer.clientId };
const authentication = peer.clientSecret ? oauth.ClientSecretPost(peer.clientSecret) : oauth.None();

const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
const options = { ...insecure, DPoP };

// again repeats what was refused for want of a nonce, once.
const again = async (request) => {
  try {
    return await request();
  } catch (error) {
    assert.ok(oauth.isDPoPNonceError(error), error);
    return request();
  }
};

const verifier = oauth.generateRandomCodeVerifier();
const request = new URLSearchParams({
  client_id: peer.clientId,
  redirect_uri: peer.redirectUri,
  response_type: 'code',
  scope: 'openid offline_access profile read:orders',
  resource: peer.resource,
  prompt: 'consent',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
});
const pushed = await again(async () =>
  oauth.processPushedAuthorizationResponse(as, client, await oauth.pushedAuthorizationRequest(as, client, authentication, request, options)),
);
const authorization = new URL(as.authorization_endpoint);
authorization.search = new URLSearchParams({ client_id: peer.clientId, request_uri: pushed.request_uri }).toString();
const callback = await signIn(newBrowser(), authorization, peer);
const parameters = oauth.validateAuthResponse(as, client, callback, oauth.expectNoState);
const tokens = await again(async () =>
  oauth.processAuthorizationCodeResponse(
    as,
    client,
    await oauth.authorizationCodeGrantRequest(as, client, authentication, parameters, peer.redirectUri, verifier, options),
    { requireIdToken: true },
  ),
);
assert.equal(tokens.token_type, 'dpop');

const { sub } = oauth.getValidatedIdTokenClaims(tokens);
const info = await again(async () =>
  oauth.processUserInfoResponse(as, client, sub, await oauth.userInfoRequest(as, client, tokens.access_token, options)),
);
assert.equal(info.username, peer.username);
const account = await again(() =>
  oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL(`${peer.endpoint}/api/my-account`), undefined, undefined, options),
);
assert.equal((await account.json()).username, peer.username);
const asBearer = await fetch(`${peer.endpoint}/api/my-account`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
assert.equal(asBearer.status, 401);
assert.match(asBearer.headers.get('www-authenticate'), /^DPoP /);

// The token of an API names the key, for the API to compare.
const forAPI = await again(async () =>
  oauth.processRefreshTokenResponse(
    as,
    client,
    await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, {
      ...options,
      additionalParameters: { resource: peer.resource },
    }),
  ),
);
const [, payload] = forAPI.access_token.split('.');
assert.equal(JSON.parse(Buffer.from(payload, 'base64url')).cnf.jkt, await DPoP.calculateThumbprint());

done();
