package mfa

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// acceptedAlgorithms are the COSE algorithms of a credential key that we accept:
// EdDSA, ES256, PS256 to PS512 and RS256 to RS512. Offered are ES256 and RS256
// alone; the rest covers clients that choose by themselves. RSA with SHA-1 is
// not among them.
var acceptedAlgorithms = []int64{-8, -7, -36, -37, -38, -39, -257, -258, -259}

const (
	minRSABits = 2048
	maxRSABits = 8192
)

// parsePublicKey reads a COSE key, checks that it is sound, and returns it with
// its algorithm.
func parsePublicKey(cose []byte) (key any, algorithm int64, err error) {
	key, err = webauthncose.ParsePublicKey(cose)
	if err != nil {
		return nil, 0, fmt.Errorf("credential public key: %w", err)
	}
	switch k := key.(type) {
	case webauthncose.EC2PublicKeyData:
		algorithm = k.Algorithm
	case webauthncose.OKPPublicKeyData:
		algorithm = k.Algorithm
	case webauthncose.RSAPublicKeyData:
		algorithm = k.Algorithm
		if bits := new(big.Int).SetBytes(k.Modulus).BitLen(); bits < minRSABits || bits > maxRSABits {
			return nil, 0, fmt.Errorf("RSA key of %d bits", bits)
		}
	default:
		return nil, 0, errors.New("credential public key of an unknown type")
	}
	if !slices.Contains(acceptedAlgorithms, algorithm) {
		return nil, 0, fmt.Errorf("algorithm %d is not accepted", algorithm)
	}
	return key, algorithm, nil
}

// checkAuthenticatorData compares what every ceremony must show: the relying
// party, presence and verification of the user, and sane backup flags.
func checkAuthenticatorData(data *protocol.AuthenticatorData, rp RP, p policy) error {
	sum := sha256.Sum256([]byte(rp.ID))
	switch flags := data.Flags; {
	case !bytes.Equal(data.RPIDHash, sum[:]):
		return errors.New("unexpected RP ID hash")
	case !flags.HasUserPresent():
		return errors.New("user presence was not proven")
	case p.userVerification && !flags.HasUserVerified():
		return errors.New("user verification was not proven")
	case flags.HasBackupState() && !flags.HasBackupEligible():
		return errors.New("backed up, yet not eligible for backup")
	}
	return nil
}
