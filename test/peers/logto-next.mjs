// @logto/next, the SDK of applications on Next.js. Its handlers of the pages
// router get the requests and answers of Node's own server, with what Next.js
// adds to them.
import { createServer } from 'node:http';
import LogtoClient from '@logto/next';
import { done, peer } from './peer.mjs';
import { settings, socket, walk } from './web-app.mjs';

const client = new LogtoClient({ ...settings, cookieSecret: 'a secret of the application, 32 long', cookieSecure: false });
const everything = { fetchUserInfo: true, getAccessToken: true, resource: peer.resource, getOrganizationToken: true };
const auth = client.handleAuthRoutes();
const home = client.withLogtoApiRoute((request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(`<body>${JSON.stringify(request.user)}</body>`);
}, everything);

const server = createServer((request, response) => {
  const url = new URL(request.url, settings.baseUrl);
  const action = /^\/api\/logto\/([\w-]+)$/.exec(url.pathname)?.[1];
  request.query = { ...Object.fromEntries(url.searchParams), action };
  request.cookies = Object.fromEntries(
    (request.headers.cookie ?? '').split('; ').filter(Boolean).map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), decodeURIComponent(pair.slice(at + 1))];
    }),
  );
  response.redirect = (to) => response.writeHead(307, { location: to }).end();
  response.status = (code) => Object.assign(response, { statusCode: code });
  (action ? auth : home)(request, response).catch((error) => response.status(400).end(error.message));
});

server.listen(socket);
await walk(`${settings.baseUrl}/api/logto`);
server.close();
server.closeAllConnections();
done();
