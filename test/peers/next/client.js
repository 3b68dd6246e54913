// What the pages router uses of @logto/next.
import LogtoClient from '@logto/next';
import { config, resource } from './settings.js';

export const client = new LogtoClient(config);
export const everything = { fetchUserInfo: true, getAccessToken: true, resource, getOrganizationToken: true };
