// Signs in as docs/how-to/work-with-organizations.md says, and lets its program
// judge the tokens.
import assert from 'node:assert/strict';
import * as oidc from 'openid-client';
import { signIn } from './browser.mjs';
import { done, newBrowser, peer } from './peer.mjs';

const { authorize } = await import(process.env.PROGRAM);
const config = await oidc.discovery(new URL(peer.issuer), peer.clientId, peer.clientSecret, undefined, {
  execute: [oidc.allowInsecureRequests],
});
const verifier = oidc.randomPKCECodeVerifier();
const url = oidc.buildAuthorizationUrl(config, {
  redirect_uri: peer.redirectUri,
  scope: 'openid profile offline_access urn:logto:scope:organizations urn:logto:scope:organization_roles invite',
  prompt: 'consent',
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
});
url.searchParams.append('resource', 'urn:logto:resource:organizations');
url.searchParams.append('resource', peer.resource);
const tokens = await oidc.authorizationCodeGrant(config, await signIn(newBrowser(), url, peer), { pkceCodeVerifier: verifier });
const { sub } = tokens.claims();
const info = await oidc.fetchUserInfo(config, tokens.access_token, sub);
assert.deepEqual(info.organizations, [peer.organization]);
assert.deepEqual(info.organization_data.map(({ id, name }) => [id, name]), [[peer.organization, 'Harbour Crew']]);
assert.deepEqual(info.organization_roles, [`${peer.organization}:clerk`]);

const tokenFor = async (parameters) => (await oidc.refreshTokenGrant(config, tokens.refresh_token, parameters)).access_token;
const token = await tokenFor({ organization_id: peer.organization });
assert.equal(await authorize(token, peer.organization, 'invite'), sub);
await assert.rejects(authorize(token, peer.organization, 'dissolve'), /dissolve is missing/);
await assert.rejects(authorize(token, 'elsewhere', 'invite'), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' });
await assert.rejects(authorize(await tokenFor({ resource: peer.resource }), peer.organization, 'invite'), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' });
await assert.rejects(tokenFor({ organization_id: 'elsewhere' }), { status: 403, error: 'access_denied' });
done();
