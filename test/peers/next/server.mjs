import { createServer } from 'node:http';
import next from 'next';

const app = next({ dir: import.meta.dirname });
await app.prepare();
createServer(app.getRequestHandler()).listen({ fd: 3 });
