// A browser for peers in other languages: reads one JSON line {"do", "url"}
// after another and answers each with the URL where the walk ended.
import { createInterface } from 'node:readline';
import { signIn, signOut } from './browser.mjs';
import { newBrowser, peer } from './peer.mjs';

const browser = newBrowser();
const walks = { signIn: (url) => signIn(browser, url, peer), signOut: (url) => signOut(browser, url) };

for await (const line of createInterface({ input: process.stdin })) {
  const { do: walk, url } = JSON.parse(line);
  const ended = await walks[walk](url);
  console.log(ended.href);
}
