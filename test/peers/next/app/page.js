import { getAccessTokenRSC, getLogtoContext, getOrganizationTokenRSC, signIn, signOut } from '@logto/next/server-actions';
import { config, organization, resource } from '../settings.js';

async function enter() {
  'use server';
  await signIn(config);
}

async function leave() {
  'use server';
  await signOut(config);
}

export default async function Home() {
  const known = await getLogtoContext(config, { fetchUserInfo: true });
  if (known.isAuthenticated) {
    known.accessToken = await getAccessTokenRSC(config, resource);
    known.organizationTokens = { [organization]: await getOrganizationTokenRSC(config, organization) };
  }
  return (
    <>
      <p>{JSON.stringify(known)}</p>
      <form action={known.isAuthenticated ? leave : enter}>
        <button>{known.isAuthenticated ? 'Sign out' : 'Sign in'}</button>
      </form>
    </>
  );
}
