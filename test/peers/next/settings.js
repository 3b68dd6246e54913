// They come when the server starts; the build does without.
const { settings, resource, organization } = JSON.parse(process.env.SETTINGS ?? '{}');

export const config = { ...settings, cookieSecret: 'a secret of the application, 32 long', cookieSecure: false };
export { organization, resource };
