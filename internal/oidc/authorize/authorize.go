// Package authorize is the authorization endpoint without its HTTP: it checks
// an authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section
// 3.1.2), decides what a person has to do for it, keeps that as an interaction,
// and turns a finished one into an authorization code.
//
// A request runs through two tables of checks. Until the client and its
// redirect URI are known to belong together, nothing is sent anywhere; later
// refusals go to the client. An interaction belongs to one browser: its name
// is a secret, the database knows only its digest, and the signed cookies of
// that browser alone lead to it.
package authorize
