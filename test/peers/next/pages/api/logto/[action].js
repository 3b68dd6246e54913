import { client, everything } from '../../../client.js';

export default client.handleAuthRoutes(everything, (_request, response, error) => response.status(400).send(error.message));
