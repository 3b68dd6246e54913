// @logto/api, the SDK with which programs call the Management API of the
// reference. The client gets its own token, as a machine.
import assert from 'node:assert/strict';
import { createApiClient } from '@logto/api/management';
import { api, byId, byUser, ok, refused } from './api.mjs';
import { done, peer } from './peer.mjs';

// Users: created, found page by page, changed.
const users = [];
for (const username of ['ada', 'bob', 'cyd']) {
  users.push(await ok(200, api.POST('/api/users', { body: { username, password: peer.password, name: username.toUpperCase() } })));
}
const [ada] = users;
assert.equal(ada.username, 'ada');
assert.equal(ada.isSuspended, false);
assert.deepEqual(ada.customData, {});

const page = (number, query = {}) => api.GET('/api/users', { params: { query: { page: number, page_size: 2, ...query } } });
const first = await page(1);
assert.equal(first.response.headers.get('total-number'), '3');
assert.match(first.response.headers.get('link'), /<[^>]*[?&]page=2[^>]*>; rel="next"/);
const second = await page(2);
assert.doesNotMatch(second.response.headers.get('link'), /rel="next"/);
assert.deepEqual([...first.data, ...second.data].map(({ username }) => username).sort(), ['ada', 'bob', 'cyd']);
const found = await page(1, { 'search.username': 'a%' });
assert.deepEqual(found.data.map(({ id }) => id), [ada.id]);
await refused(400, 'guard.invalid_pagination', page(0));

const patched = await ok(200, api.PATCH('/api/users/{userId}', { ...byUser(ada.id), body: { name: 'Ada King', primaryEmail: 'ada@example.com' } }));
assert.equal(patched.name, 'Ada King');
assert.deepEqual(await ok(200, api.PATCH('/api/users/{userId}/custom-data', { ...byUser(ada.id), body: { customData: { plan: 'pro' } } })), { plan: 'pro' });
const read = await ok(200, api.GET('/api/users/{userId}', byUser(ada.id)));
assert.equal(read.primaryEmail, 'ada@example.com');
assert.deepEqual(read.customData, { plan: 'pro' });
await ok(204, api.POST('/api/users/{userId}/password/verify', { ...byUser(ada.id), body: { password: peer.password } }));

// Roles, with a scope of an API.
const resource = await ok(201, api.POST('/api/resources', { body: { name: 'Orders', indicator: 'https://orders.example.com' } }));
const scope = await ok(201, api.POST('/api/resources/{resourceId}/scopes', {
  params: { path: { resourceId: resource.id } }, body: { name: 'read:orders', description: null },
}));
const role = await ok(200, api.POST('/api/roles', { body: { name: 'editor', description: 'Edits.', scopeIds: [scope.id] } }));
assert.equal(role.type, 'User');
const given = await ok(201, api.POST('/api/users/{userId}/roles', { ...byUser(ada.id), body: { roleIds: [role.id] } }));
assert.deepEqual(given, { roleIds: [role.id], addedRoleIds: [role.id] });
const held = await ok(200, api.GET('/api/users/{userId}/roles', byUser(ada.id)));
assert.deepEqual(held.map(({ name }) => name), ['editor']);

// An application, with its secret.
const application = await ok(200, api.POST('/api/applications', {
  body: { name: 'Shop', type: 'Traditional', oidcClientMetadata: { redirectUris: ['https://shop.example.com/cb'], postLogoutRedirectUris: [] } },
}));
assert.deepEqual(application.oidcClientMetadata.redirectUris, ['https://shop.example.com/cb']);
const secrets = await ok(200, api.GET('/api/applications/{id}/secrets', byId(application.id)));
assert.equal(secrets.length, 1);
assert.equal((await ok(200, api.PATCH('/api/applications/{id}', { ...byId(application.id), body: { description: 'Sells.' } }))).description, 'Sells.');

// An organization with a member, who has a role there.
const organization = await ok(201, api.POST('/api/organizations', { body: { name: 'Harbour Crew' } }));
const skipper = await ok(201, api.POST('/api/organization-roles', { body: { name: 'skipper', organizationScopeIds: [], resourceScopeIds: [] } }));
await ok(201, api.POST('/api/organizations/{id}/users', { ...byId(organization.id), body: { userIds: [ada.id] } }));
await ok(201, api.POST('/api/organizations/{id}/users/{userId}/roles', {
  params: { path: { id: organization.id, userId: ada.id } }, body: { organizationRoleIds: [skipper.id] },
}));
const members = await ok(200, api.GET('/api/organizations/{id}/users', byId(organization.id)));
assert.deepEqual(members.map(({ id, organizationRoles }) => [id, organizationRoles[0].name]), [[ada.id, 'skipper']]);

// Refusals.
await refused(404, 'entity.not_found', api.GET('/api/users/{userId}', byUser('nobody')));
await refused(404, 'entity.not_exists_with_id', api.GET('/api/roles/{id}', byId('nothing')));
await refused(422, 'user.username_already_in_use', api.POST('/api/users', { body: { username: 'ada' } }));
await refused(422, 'role.name_in_use', api.POST('/api/roles', { body: { name: 'editor', description: 'Again.' } }));
const { data: why } = await refused(400, 'guard.invalid_input', api.POST('/api/roles', { body: { name: 1 } }));
assert.ok(why.issues.some(({ path }) => path[0] === 'name'), JSON.stringify(why));
const stranger = createApiClient({ baseUrl: peer.endpoint, getToken: async () => 'made-up' });
await refused(401, 'auth.unauthorized', stranger.GET('/api/users'));

// And all of it is gone again.
await ok(204, api.DELETE('/api/organizations/{id}', byId(organization.id)));
await ok(204, api.DELETE('/api/organization-roles/{id}', byId(skipper.id)));
await ok(204, api.DELETE('/api/applications/{id}', byId(application.id)));
await ok(204, api.DELETE('/api/roles/{id}', byId(role.id)));
await ok(204, api.DELETE('/api/resources/{id}', byId(resource.id)));
for (const { id } of users) {
  await ok(204, api.DELETE('/api/users/{userId}', byUser(id)));
}
await refused(404, 'entity.not_found', api.GET('/api/users/{userId}', byUser(ada.id)));
assert.deepEqual(await ok(200, api.GET('/api/users')), []);

done();
