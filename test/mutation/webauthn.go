package main

// Tests of the ceremonies, which have a case for every step.
const (
	registrationStep   = "TestVerifyRegistration_RefusesEachBrokenStep/"
	authenticationStep = "TestVerifyAuthentication_RefusesEachBrokenStep/"
)

// webauthn are the steps of both ceremonies (WebAuthn L3 sections 7.1 and 7.2).
var webauthn = []target{
	{file: "internal/mfa/clientdata.go", mutants: []mutant{
		{"user verification is required", swap("policy{userVerification: true}", "policy{}"), registrationStep + "user not verified: a key without a PIN"},
		{"client data is UTF-8", never("!utf8.Valid(raw)"), registrationStep + "client data is not UTF-8"},
		{"type at registration", never("kind != ch.Kind"), registrationStep + "type of an authentication"},
		{"type at authentication", never("kind != ch.Kind"), authenticationStep + "type of a registration"},
		{"challenge at registration", never("subtle.ConstantTimeCompare([]byte(challenge), []byte(ch.Value)) != 1"), registrationStep + "challenge of another session"},
		{"challenge at authentication", never("subtle.ConstantTimeCompare([]byte(challenge), []byte(ch.Value)) != 1"), authenticationStep + "challenge of another session"},
		{"origin at registration", never("!slices.Contains(origins, origin)"), registrationStep + "origin is a sibling"},
		{"origin at authentication", never("!slices.Contains(origins, origin)"), authenticationStep + "origin on another port"},
		{"embedding", ignore("checkEmbedding(properties, p)"), authenticationStep + "in a cross-origin frame"},
		{"crossOrigin is false", never("(crossOrigin || hasTop) && !p.crossOrigin"), registrationStep + "in a cross-origin frame"},
		{"crossOrigin is a boolean", ignore("json.Unmarshal(raw, &crossOrigin)"), registrationStep + "crossOrigin is no boolean"},
		{"topOrigin only with crossOrigin", never("hasTop && !crossOrigin"), registrationStep + "top origin without a frame"},
	}},
	{file: "internal/mfa/publickey.go", mutants: []mutant{
		{"rpIdHash at registration", never("!bytes.Equal(data.RPIDHash, sum[:])"), registrationStep + "RP ID of the parent domain"},
		{"rpIdHash at authentication", never("!bytes.Equal(data.RPIDHash, sum[:])"), authenticationStep + "RP ID of another host"},
		{"user presence at registration", never("!flags.HasUserPresent()"), registrationStep + "user not present"},
		{"user presence at authentication", never("!flags.HasUserPresent()"), authenticationStep + "user not present"},
		{"user verification at registration", never("p.userVerification && !flags.HasUserVerified()"), registrationStep + "user not verified: a key without a PIN"},
		{"user verification at authentication", never("p.userVerification && !flags.HasUserVerified()"), authenticationStep + "user not verified: a key without a PIN"},
		{"BS without BE at registration", never("flags.HasBackupState() && !flags.HasBackupEligible()"), registrationStep + "backed up though not eligible"},
		{"BS without BE at authentication", never("flags.HasBackupState() && !flags.HasBackupEligible()"), authenticationStep + "backed up though not eligible"},
		{"algorithm is accepted", never("!slices.Contains(acceptedAlgorithms, algorithm)"), registrationStep + "algorithm RSA with SHA-1"},
		{"RSA with SHA-1 is not accepted", swap("-257, -258, -259}", "-257, -258, -259, -65535}"), registrationStep + "algorithm RSA with SHA-1"},
		{"RSA keys are not weak", drop("bits < minRSABits || "), registrationStep + "weak RSA key"},
		{"RSA keys are not endless", drop(" || bits > maxRSABits"), registrationStep + "endless RSA key"},
	}},
	{file: "internal/mfa/rp.go", mutants: []mutant{
		{"challenge of this kind", drop("ch.Kind == kind && "), "TestVerifyRegistration_NeedsItsOwnChallenge"},
		{"challenge of this relying party", drop(" && ch.RPID == rp.ID"), "TestVerifyRegistration_NeedsItsOwnChallenge"},
		{"challenge is not empty", drop(`ch.Value != "" && `), "TestVerifyRegistration_NeedsItsOwnChallenge"},
	}},
	{file: "internal/mfa/registration.go", mutants: []mutant{
		{"challenge is pending", never("!ch.open(kindCreate, rp)"), "TestVerifyRegistration_NeedsItsOwnChallenge"},
		{"authenticator data is judged", ignore("checkAuthenticatorData(&att.AuthData, rp, p)"), registrationStep + "user not present"},
		{"authenticator data is complete", ignore("att.AuthData.Unmarshal(att.RawAuthData)"), registrationStep + "authenticator data with trailing bytes"},
		{"attested credential is there", never("!att.AuthData.Flags.HasAttestedCredentialData()"), registrationStep + "authenticator data without a credential"},
		{"credential id is not empty", never("len(data.CredentialID) == 0"), registrationStep + "empty credential id"},
		{"credential id is the attested one", never("!bytes.Equal(att.AuthData.AttData.CredentialID, id)"), registrationStep + "attested id is another one"},
		{"attestation format is known", never("!slices.Contains(formats, att.Format)"), registrationStep + "unknown attestation format"},
		{"attestation: none is empty", ignore("checkStatement(att, clientDataHash)"), registrationStep + "none with a statement"},
		{"attestation: packed self", ignore("checkStatement(att, clientDataHash)"), registrationStep + "packed self: forged"},
		{"attestation: packed", ignore("checkStatement(att, clientDataHash)"), registrationStep + "packed: forged"},
		{"attestation: u2f", ignore("checkStatement(att, clientDataHash)"), registrationStep + "u2f: forged"},
		{"attestation: tpm", ignore("checkStatement(att, clientDataHash)"), registrationStep + "tpm: forged"},
		{"attestation: android", ignore("checkStatement(att, clientDataHash)"), registrationStep + "android: forged"},
		{"attestation: apple", ignore("checkStatement(att, clientDataHash)"), registrationStep + "apple: nonce of another ceremony"},
		{"id and rawId at registration", never("id != rawID"), registrationStep + "id and rawId differ"},
		{"id and rawId at authentication", never("id != rawID"), authenticationStep + "id and rawId differ"},
	}},
	{file: "internal/mfa/authentication.go", mutants: []mutant{
		{"challenge is pending", never("!ch.open(kindGet, rp)"), "TestVerifyAuthentication_NeedsItsOwnChallenge"},
		{"credential was asked for", never("!bytes.Equal(c.CredentialID, id)"), authenticationStep + "id is not in the list"},
		{"credential is the user's", never("c.UserID != userID"), "TestVerifyAuthentication_WrongKey"},
		{"credential is the relying party's", never("c.RPID != nil && *c.RPID != rp.ID"), "TestVerifyAuthentication_WrongKey"},
		{"user handle is judged", ignore("checkUserHandle(payload.Response.UserHandle, ch.UserID)"), authenticationStep + "user handle of somebody else"},
		{"user handle is the user's", never("string(raw) != userID"), authenticationStep + "user handle of somebody else"},
		{"authenticator data is complete", ignore("data.Unmarshal(raw)"), authenticationStep + "authenticator data with trailing bytes"},
		{"authenticator data is judged", ignore("checkAuthenticatorData(&data, rp, p)"), authenticationStep + "user not present"},
		{"backup eligibility stays", never("be != nil && *be != data.Flags.HasBackupEligible()"), authenticationStep + "became eligible for backup"},
		{"signature is judged", ignore("checkSignature(credential.PublicKey, append(raw, clientDataHash...), payload.Response.Signature)"), authenticationStep + "signature altered"},
		{"signature is valid", never("!valid"), "TestVerifyAuthentication_WrongKey"},
		{"signature covers the client data", swap("append(raw, clientDataHash...)", "append(raw, clientDataHash[:0]...)"), "TestVerifyAuthentication_ReportsCounterAndFlags"},
		{"counter grows", never("!grows(credential.SignCount, int64(data.Counter))"), authenticationStep + "counter stands still"},
	}},
	{file: "internal/mfa/counter.go", mutants: []mutant{
		{"counter does not stand still", swap("presented > stored", "presented >= stored"), authenticationStep + "counter stands still"},
		{"counter does not fall to zero", drop(" && stored == 0"), authenticationStep + "counter falls"},
	}},
	{file: "internal/mfa/store.go", mutants: []mutant{
		{"counter is stored conditionally", drop("AND (sign_count < $4 OR (sign_count = 0 AND $4 = 0))"), "TestAdvanceCounter_OneOfTwoUsesOfACopiedKeyWins/sqlite"},
		{"stored counter does not stand still", swap("(sign_count < $4 OR", "(sign_count <= $4 OR"), "TestAdvanceCounter_OneOfTwoUsesOfACopiedKeyWins/sqlite"},
		{"stored counter does not fall to zero", drop("sign_count = 0 AND "), "TestAdvanceCounter_OneOfTwoUsesOfACopiedKeyWins/sqlite"},
		{"credential is nobody's yet", swap("return n > 0, err", "return n < 0, err"), "TestStore_KeepsCredentials/sqlite"},
	}},
}
