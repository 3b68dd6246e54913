// @logto/browser, which the SDKs for React, Vue and Angular are built on.
import LogtoClient, { UserScope } from '@logto/browser';
import { callback, claimsOf, fail, home, offer, settings, tell } from './page.mjs';

const client = new LogtoClient({
  endpoint: settings.endpoint,
  appId: settings.clientId,
  resources: [settings.resource],
  scopes: [UserScope.Profile, UserScope.Organizations, UserScope.OrganizationRoles, 'read:orders', 'write:orders', 'invite'],
});

const hello = async () => {
  const claims = await client.getIdTokenClaims();
  const info = await client.fetchUserInfo();
  tell(`Hello ${claims.username}`, { iss: claims.iss, aud: claims.aud, sub: claims.sub, organizations: claims.organizations, userinfo: info.sub, roles: info.organization_roles });
};
const show = async (token) => {
  const { aud, sub, client_id, scope, organization_id } = claimsOf(token);
  tell('Token', { aud, sub, client: client_id, scope, organization: organization_id });
};

offer('Sign in', () => client.signIn({ redirectUri: callback }));
offer('Register', () => client.signIn({ redirectUri: callback, firstScreen: 'register' }));
offer('Who am I?', hello);
offer('Forget the access tokens', async () => {
  await client.clearAccessToken();
  tell('Forgotten');
});
offer('Token for the API', async () => show(await client.getAccessToken(settings.resource)));
offer('Token for the organization', async () => show(await client.getOrganizationToken(settings.organization)));
offer('Token for another organization', async () => show(await client.getOrganizationToken('elsewhere')));
offer('Token within the organization', async () => show(await client.getAccessToken(settings.resource, settings.organization)));
offer('Sign out', () => client.signOut(home));

const arrive = async () => {
  if (await client.isSignInRedirected(location.href)) {
    await client.handleSignInCallback(location.href);
    history.replaceState({}, '', '/');
  }
  if (await client.isAuthenticated()) await hello();
  else tell('Who are you?');
};
await arrive().catch(fail);
