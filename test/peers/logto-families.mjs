// @logto/api over the rest of the Management API: create, read, update and
// delete in every family, with the typed client.
import assert from 'node:assert/strict';
import { api, byId, byUser, ok, refused } from './api.mjs';
import { done, peer } from './peer.mjs';

const at = (path, body) => ({ params: { path }, ...(body === undefined ? {} : { body }) });
const names = (list) => list.map(({ name }) => name).sort();

// Somebody and something to relate.
const eve = await ok(200, api.POST('/api/users', { body: { username: 'eve', primaryEmail: 'eve@example.com', password: peer.password } }));
const shop = await ok(200, api.POST('/api/applications', { body: { name: 'Shop', type: 'SPA' } }));
const robot = await ok(200, api.POST('/api/applications', { body: { name: 'Robot', type: 'MachineToMachine' } }));
const partner = await ok(200, api.POST('/api/applications', { body: { name: 'Partner', type: 'Traditional', isThirdParty: true } }));

// Resources and scopes.
const orders = await ok(201, api.POST('/api/resources', { body: { name: 'Orders', indicator: 'https://orders.example.com' } }));
assert.equal((await ok(200, api.PATCH('/api/resources/{id}', { ...byId(orders.id), body: { accessTokenTtl: 600 } }))).accessTokenTtl, 600);
assert.equal((await ok(200, api.PATCH('/api/resources/{id}/is-default', { ...byId(orders.id), body: { isDefault: true } }))).isDefault, true);
assert.equal((await ok(200, api.GET('/api/resources/{id}', byId(orders.id)))).name, 'Orders');
assert.ok(names(await ok(200, api.GET('/api/resources'))).includes('Orders'));
const scopes = [];
for (const name of ['orders:read', 'orders:write']) {
  scopes.push(await ok(201, api.POST('/api/resources/{resourceId}/scopes', at({ resourceId: orders.id }, { name, description: null }))));
}
const [read, write] = scopes;
await ok(200, api.PATCH('/api/resources/{resourceId}/scopes/{scopeId}', at({ resourceId: orders.id, scopeId: read.id }, { description: 'Look at orders.' })));
assert.deepEqual(names(await ok(200, api.GET('/api/resources/{resourceId}/scopes', at({ resourceId: orders.id })))), ['orders:read', 'orders:write']);

// Roles, with their scopes and who holds them.
const clerk = await ok(200, api.POST('/api/roles', { body: { name: 'clerk', description: 'Sells.' } }));
const bot = await ok(200, api.POST('/api/roles', { body: { name: 'bot', description: 'Works at night.', type: 'MachineToMachine' } }));
assert.equal((await ok(200, api.PATCH('/api/roles/{id}', { ...byId(clerk.id), body: { description: 'Sells much.' } }))).description, 'Sells much.');
await ok(201, api.POST('/api/roles/{id}/scopes', { ...byId(clerk.id), body: { scopeIds: [read.id, write.id] } }));
await ok(204, api.DELETE('/api/roles/{id}/scopes/{scopeId}', at({ id: clerk.id, scopeId: write.id })));
assert.deepEqual(names(await ok(200, api.GET('/api/roles/{id}/scopes', byId(clerk.id)))), ['orders:read']);
await ok(201, api.POST('/api/roles/{id}/users', { ...byId(clerk.id), body: { userIds: [eve.id] } }));
assert.deepEqual((await ok(200, api.GET('/api/roles/{id}/users', byId(clerk.id)))).map(({ id }) => id), [eve.id]);
await ok(204, api.DELETE('/api/roles/{id}/users/{userId}', at({ id: clerk.id, userId: eve.id })));
await ok(201, api.POST('/api/roles/{id}/applications', { ...byId(bot.id), body: { applicationIds: [robot.id] } }));
assert.deepEqual(names(await ok(200, api.GET('/api/roles/{id}/applications', byId(bot.id)))), ['Robot']);
await ok(204, api.DELETE('/api/roles/{id}/applications/{applicationId}', at({ id: bot.id, applicationId: robot.id })));
assert.ok(names(await ok(200, api.GET('/api/roles', { params: { query: { type: 'User' } } }))).includes('clerk'));

// Applications: secrets, roles, data, what users see of them, what they may ask for.
const secret = await ok(201, api.POST('/api/applications/{id}/secrets', { ...byId(robot.id), body: { name: 'spring' } }));
assert.ok(secret.value.length > 20);
await ok(200, api.PATCH('/api/applications/{id}/secrets/{name}', at({ id: robot.id, name: 'spring' }, { name: 'summer' })));
await ok(204, api.DELETE('/api/applications/{id}/secrets/{name}', at({ id: robot.id, name: 'summer' })));
await ok(201, api.POST('/api/applications/{applicationId}/roles', at({ applicationId: robot.id }, { roleIds: [bot.id] })));
await ok(200, api.PUT('/api/applications/{applicationId}/roles', at({ applicationId: robot.id }, { roleIds: [bot.id] })));
assert.deepEqual(names(await ok(200, api.GET('/api/applications/{applicationId}/roles', at({ applicationId: robot.id })))), ['bot']);
await ok(204, api.DELETE('/api/applications/{applicationId}/roles/{roleId}', at({ applicationId: robot.id, roleId: bot.id })));
assert.deepEqual(await ok(200, api.PATCH('/api/applications/{applicationId}/custom-data', at({ applicationId: shop.id }, { tier: 'gold' }))), { tier: 'gold' });
await ok(201, api.PUT('/api/applications/{applicationId}/sign-in-experience', at({ applicationId: shop.id }, { displayName: 'The shop' })));
assert.equal((await ok(200, api.GET('/api/applications/{applicationId}/sign-in-experience', at({ applicationId: shop.id })))).displayName, 'The shop');
await ok(201, api.POST('/api/applications/{applicationId}/user-consent-scopes', at({ applicationId: partner.id }, { userScopes: ['profile'], resourceScopes: [read.id] })));
assert.deepEqual((await ok(200, api.GET('/api/applications/{applicationId}/user-consent-scopes', at({ applicationId: partner.id })))).userScopes, ['profile']);
await ok(204, api.DELETE('/api/applications/{applicationId}/user-consent-scopes/{scopeType}/{scopeId}', at({ applicationId: partner.id, scopeType: 'resource-scopes', scopeId: read.id })));
await ok(200, api.PUT('/api/applications/{applicationId}/access-control', at({ applicationId: shop.id }, { userIds: [eve.id], userRoleIds: [], organizationIds: [], organizationRoleRules: [] })));
assert.deepEqual((await ok(200, api.GET('/api/applications/{applicationId}/access-control', at({ applicationId: shop.id })))).userIds, [eve.id]);

// The organization template.
const invite = await ok(201, api.POST('/api/organization-scopes', { body: { name: 'invite' } }));
assert.equal((await ok(200, api.PATCH('/api/organization-scopes/{id}', { ...byId(invite.id), body: { description: 'Invite people.' } }))).description, 'Invite people.');
assert.deepEqual(names(await ok(200, api.GET('/api/organization-scopes'))), ['invite']);
const captain = await ok(201, api.POST('/api/organization-roles', { body: { name: 'captain', organizationScopeIds: [], resourceScopeIds: [] } }));
await ok(200, api.PATCH('/api/organization-roles/{id}', { ...byId(captain.id), body: { description: 'Leads.' } }));
await ok(201, api.POST('/api/organization-roles/{id}/scopes', { ...byId(captain.id), body: { organizationScopeIds: [invite.id] } }));
await ok(201, api.POST('/api/organization-roles/{id}/resource-scopes', { ...byId(captain.id), body: { scopeIds: [read.id] } }));
assert.deepEqual(names(await ok(200, api.GET('/api/organization-roles/{id}/scopes', byId(captain.id)))), ['invite']);
assert.deepEqual(names(await ok(200, api.GET('/api/organization-roles/{id}/resource-scopes', byId(captain.id)))), ['orders:read']);
await ok(204, api.DELETE('/api/organization-roles/{id}/resource-scopes/{scopeId}', at({ id: captain.id, scopeId: read.id })));

// Organizations: members, machines, who joins by themselves, invitations.
const crew = await ok(201, api.POST('/api/organizations', { body: { name: 'Crew' } }));
assert.equal((await ok(200, api.PATCH('/api/organizations/{id}', { ...byId(crew.id), body: { description: 'At sea.' } }))).description, 'At sea.');
assert.equal((await ok(200, api.GET('/api/organizations/{id}', byId(crew.id)))).name, 'Crew');
await ok(201, api.POST('/api/organizations/{id}/users', { ...byId(crew.id), body: { userIds: [eve.id] } }));
await ok(201, api.POST('/api/organizations/{id}/users/roles', { ...byId(crew.id), body: { userIds: [eve.id], organizationRoleIds: [captain.id] } }));
assert.deepEqual(names(await ok(200, api.GET('/api/organizations/{id}/users/{userId}/scopes', at({ id: crew.id, userId: eve.id })))), ['invite']);
assert.deepEqual(names(await ok(200, api.GET('/api/users/{userId}/organizations', byUser(eve.id)))), ['Crew']);
await ok(204, api.DELETE('/api/organizations/{id}/users/{userId}', at({ id: crew.id, userId: eve.id })));
await ok(201, api.POST('/api/organizations/{id}/applications', { ...byId(crew.id), body: { applicationIds: [robot.id] } }));
assert.deepEqual(names(await ok(200, api.GET('/api/organizations/{id}/applications', byId(crew.id)))), ['Robot']);
await ok(204, api.DELETE('/api/organizations/{id}/applications/{applicationId}', at({ id: crew.id, applicationId: robot.id })));
await ok(201, api.POST('/api/organizations/{id}/jit/email-domains', { ...byId(crew.id), body: { emailDomain: 'example.com' } }));
assert.deepEqual((await ok(200, api.GET('/api/organizations/{id}/jit/email-domains', byId(crew.id)))).map(({ emailDomain }) => emailDomain), ['example.com']);
await ok(204, api.DELETE('/api/organizations/{id}/jit/email-domains/{emailDomain}', at({ id: crew.id, emailDomain: 'example.com' })));
await ok(201, api.POST('/api/organizations/{id}/jit/roles', { ...byId(crew.id), body: { organizationRoleIds: [captain.id] } }));
assert.deepEqual(names(await ok(200, api.GET('/api/organizations/{id}/jit/roles', byId(crew.id)))), ['captain']);
const invitation = await ok(201, api.POST('/api/organization-invitations', {
  body: { invitee: 'eve@example.com', organizationId: crew.id, expiresAt: Date.now() + 365 * 86_400_000, organizationRoleIds: [captain.id], messagePayload: false },
}));
assert.equal((await ok(200, api.GET('/api/organization-invitations/{id}', byId(invitation.id)))).status, 'Pending');
assert.equal((await ok(200, api.PUT('/api/organization-invitations/{id}/status', { ...byId(invitation.id), body: { status: 'Accepted', acceptedUserId: eve.id } }))).status, 'Accepted');
assert.deepEqual((await ok(200, api.GET('/api/organizations/{id}/users', byId(crew.id)))).map(({ id }) => id), [eve.id]);
await ok(204, api.DELETE('/api/organization-invitations/{id}', byId(invitation.id)));

// The rest of a user: tokens, sessions, grants, factors.
const token = await ok(201, api.POST('/api/users/{userId}/personal-access-tokens', { ...byUser(eve.id), body: { name: 'laptop' } }));
assert.ok(token.value.length > 20);
assert.deepEqual(names(await ok(200, api.GET('/api/users/{userId}/personal-access-tokens', byUser(eve.id)))), ['laptop']);
await ok(204, api.DELETE('/api/users/{userId}/personal-access-tokens/{name}', at({ userId: eve.id, name: 'laptop' })));
const totp = await ok(200, api.POST('/api/users/{userId}/mfa-verifications', { ...byUser(eve.id), body: { type: 'Totp' } }));
assert.equal(totp.type, 'Totp');
const [factor] = await ok(200, api.GET('/api/users/{userId}/mfa-verifications', byUser(eve.id)));
await ok(204, api.DELETE('/api/users/{userId}/mfa-verifications/{verificationId}', at({ userId: eve.id, verificationId: factor.id })));
assert.deepEqual((await ok(200, api.GET('/api/users/{userId}/sessions', byUser(eve.id)))).sessions, []);
await ok(200, api.PATCH('/api/users/{userId}/profile', { ...byUser(eve.id), body: { profile: { nickname: 'E' } } }));
assert.equal((await ok(200, api.PATCH('/api/users/{userId}/is-suspended', { ...byUser(eve.id), body: { isSuspended: true } }))).isSuspended, true);
await ok(200, api.PATCH('/api/users/{userId}/is-suspended', { ...byUser(eve.id), body: { isSuspended: false } }));

// One-time and subject tokens.
const once = await ok(201, api.POST('/api/one-time-tokens', { body: { email: 'eve@example.com' } }));
assert.equal((await ok(200, api.GET('/api/one-time-tokens/{id}', byId(once.id)))).status, 'active');
assert.equal((await ok(200, api.POST('/api/one-time-tokens/verify', { body: { token: once.token, email: 'eve@example.com' } }))).status, 'consumed');
await ok(204, api.DELETE('/api/one-time-tokens/{id}', byId(once.id)));
assert.ok((await ok(201, api.POST('/api/subject-tokens', { body: { userId: eve.id } }))).subjectToken.startsWith('sub_'));

// Settings.
assert.equal((await ok(200, api.PATCH('/api/sign-in-exp', { body: { privacyPolicyUrl: 'https://example.com/privacy' } }))).privacyPolicyUrl, 'https://example.com/privacy');
assert.equal((await ok(200, api.GET('/api/sign-in-exp'))).privacyPolicyUrl, 'https://example.com/privacy');
const center = await ok(200, api.PATCH('/api/account-center', { body: { enabled: true, fields: { name: 'Edit' } } }));
assert.equal(center.fields.name, 'Edit');
assert.equal((await ok(200, api.GET('/api/account-center'))).enabled, true);
await ok(200, api.PATCH('/api/configs/admin-console', { body: { signInExperienceCustomized: true } }));
assert.equal((await ok(200, api.GET('/api/configs/admin-console'))).signInExperienceCustomized, true);
assert.equal((await ok(200, api.PATCH('/api/configs/oidc/session', { body: { ttl: 3600 } }))).ttl, 3600);
assert.deepEqual((await ok(200, api.PUT('/api/configs/id-token', { body: { enabledExtendedClaims: ['roles'] } }))).enabledExtendedClaims, ['roles']);
const keys = await ok(200, api.POST('/api/configs/oidc/{keyType}/rotate', at({ keyType: 'cookie-keys' }, {})));
assert.equal(keys.length, 2);
await ok(204, api.DELETE('/api/configs/oidc/{keyType}/{keyId}', at({ keyType: 'cookie-keys', keyId: keys[1].id })));

// What happened, and how many there are.
const logs = await ok(200, api.GET('/api/logs', { params: { query: { page_size: 5 } } }));
assert.equal((await ok(200, api.GET('/api/logs/{id}', byId(logs[0].id)))).id, logs[0].id);
assert.equal((await ok(200, api.GET('/api/dashboard/users/total'))).totalUserCount, 1);
assert.equal((await ok(200, api.GET('/api/dashboard/users/new'))).today.count, 1);
assert.equal((await ok(200, api.GET('/api/dashboard/users/active'))).dauCurve.length, 30);
await ok(204, api.POST('/api/sentinel-activities/delete', { body: { targetType: 'User', targets: ['eve'] } }));

// Files, and what a server without the means for it says.
const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
assert.equal((await ok(200, api.GET('/api/user-assets/service-status'))).status, 'ready');
const form = new FormData();
form.set('file', new Blob([pixel], { type: 'image/png' }), 'pixel.png');
const { url } = await ok(200, api.POST('/api/user-assets', { body: form, bodySerializer: (body) => body }));
const shown = await fetch(url);
assert.equal(shown.headers.get('content-type'), 'image/png');
assert.ok(pixel.equals(Buffer.from(await shown.arrayBuffer())));
await refused(501, 'connector.not_found', api.POST('/api/verification-codes', { body: { email: 'eve@example.com' } }));
await refused(501, 'application.protected_app_not_configured', api.GET('/api/systems/application'));
await ok(204, api.GET('/api/status'));

// And all of it is gone again.
for (const [path, { id }] of [
  ['/api/organizations/{id}', crew], ['/api/organization-roles/{id}', captain], ['/api/organization-scopes/{id}', invite],
  ['/api/applications/{id}', shop], ['/api/applications/{id}', robot], ['/api/applications/{id}', partner],
  ['/api/roles/{id}', clerk], ['/api/roles/{id}', bot],
]) {
  await ok(204, api.DELETE(path, byId(id)));
  const { response } = await api.GET(path, byId(id));
  assert.equal(response.status, 404, path);
}
await ok(204, api.DELETE('/api/resources/{resourceId}/scopes/{scopeId}', at({ resourceId: orders.id, scopeId: write.id })));
await ok(204, api.DELETE('/api/resources/{id}', byId(orders.id)));
await ok(204, api.DELETE('/api/users/{userId}', byUser(eve.id)));

done();
