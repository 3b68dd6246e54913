// Package hosted shows Signet to people: the sign-in pages, the account pages,
// the demo application and every error page. A page is HTML rendered on the
// server from one template and one plain struct; it works without script, save
// for passkeys, whose ceremony only a script can start.
//
// A handler fills a page struct and hands it to Renderer.Render, which adds what
// all pages share (the Site: brand, language, links) and the page's
// Content-Security-Policy. Page structs hold values and phrase keys, never
// translated text, so handlers need not know the reader's language.
//
// The look is assets/signet.css; templates/ has one file per page over the
// parts in templates/parts; scripts are small ES modules without a bundler.
package hosted
