// oidc-client-ts, which most libraries for single-page applications are built on.
import { UserManager } from 'oidc-client-ts';
import { callback, claimsOf, fail, home, offer, settings, tell } from './page.mjs';

const configuration = {
  authority: settings.issuer,
  client_id: settings.clientId,
  redirect_uri: callback,
  post_logout_redirect_uri: home,
  scope: 'openid offline_access profile urn:logto:scope:organization_roles read:orders',
  prompt: 'consent',
  resource: settings.resource,
  loadUserInfo: true,
  revokeTokensOnSignout: true,
  revokeTokenTypes: ['refresh_token'],
};
const manager = new UserManager(configuration);
// The token for an API is for no other, userinfo included.
const forAPI = new UserManager({ ...configuration, loadUserInfo: false });

const first = {};
const hello = (user) => {
  first.access ??= user.access_token;
  first.refresh ??= user.refresh_token;
  const api = user.access_token.includes('.') ? claimsOf(user.access_token) : {};
  tell(`Hello ${user.profile.username}`, {
    iss: user.profile.iss, aud: user.profile.aud, sub: user.profile.sub, roles: user.profile.organization_roles, scopes: user.scopes,
    access: user.access_token === first.access ? 'first' : 'renewed', refresh: user.refresh_token === first.refresh ? 'first' : 'renewed',
    api: api.aud, apiClient: api.client_id, apiScope: api.scope, apiSub: api.sub,
  });
};

offer('Sign in', () => manager.signinRedirect());
offer('Sign in silently', () => manager.signinRedirect({ prompt: 'none' }));
offer('Renew', async () => hello(await manager.signinSilent()));
offer('Token for the API', async () => hello(await forAPI.signinSilent({ resource: settings.resource, extraTokenParams: { scope: 'read:orders' } })));
offer('Token for another API', async () => hello(await forAPI.signinSilent({ resource: 'https://elsewhere.example.com' })));
offer('Sign out', () => manager.signoutRedirect({ state: 'bye' }));

const arrive = async () => {
  if (location.pathname === '/callback') {
    hello(await manager.signinRedirectCallback());
    history.replaceState({}, '', '/');
  } else if (location.search) {
    const { userState } = await manager.signoutRedirectCallback();
    tell('Goodbye', { state: userState });
  } else {
    tell('Who are you?');
  }
};
await arrive().catch(fail);
