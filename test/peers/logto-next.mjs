// @logto/next, the SDK of applications on Next.js, in one that Next.js has built
// from next/. ROUTER says with which of its two routers somebody signs in.
import { done, peer, program } from './peer.mjs';
import { links, settings, walk } from './web-app.mjs';

const { resource, organization } = peer;
process.env.SETTINGS = JSON.stringify({ settings, resource, organization });
const server = program();
if (process.env.ROUTER === 'pages') {
  await walk(links('/api/logto'), '/account');
  await walk(links('/api/logto'), '/api/logto/user');
} else {
  await walk({ signIn: (browser) => browser.submit('Sign in'), signOut: (browser) => browser.submit('Sign out') });
}
server.kill();
done();
