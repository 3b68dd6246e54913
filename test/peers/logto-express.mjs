// @logto/express, the SDK of applications on Express, as
// docs/how-to/sign-in-on-a-web-app.md uses it.
import { handleAuthRoutes, withLogto } from '@logto/express';
import express from 'express';
import session from 'express-session';
import { done, peer } from './peer.mjs';
import { links, settings, socket, walk } from './web-app.mjs';

const app = express();
app.use(session({ secret: 'of the application', resave: false, saveUninitialized: false }));
app.use(handleAuthRoutes(settings));

const everything = { fetchUserInfo: true, getAccessToken: true, resource: peer.resource, getOrganizationToken: true };
app.get('/', withLogto({ ...settings, ...everything }), (request, response) => {
  response.type('html').send(`<body>${JSON.stringify(request.user)}</body>`);
});
app.use((error, _request, response, _next) => {
  response.status(400).send(error.message);
});

const server = app.listen(socket);
await walk(links('/logto'));
server.close();
server.closeAllConnections();
done();
