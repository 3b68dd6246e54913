package transfer

import (
	"crypto/sha256"

	"signet/internal/platform/errs"
	"signet/internal/user"
)

// index knows who has which name. It holds digests, so that a dry run of
// millions of rows fits into memory.
type index map[[16]byte]holder

// holder is a user in the index: the digests of the id and of the identifiers as
// they are written.
type holder struct{ id, identifiers [16]byte }

func (ix index) add(n user.Names) {
	h := holderOf(n)
	for _, key := range keysOf(n) {
		ix[key.hash] = h
	}
}

// holds returns which name of n is taken, as the error that refuses it. isSame
// says that one user has all of them, and no others.
func (ix index) holds(n user.Names, givesID bool) (isSame bool, taken *errs.Error) {
	self := holderOf(n)
	isSame = true
	for _, key := range keysOf(n) {
		h, found := ix[key.hash]
		if !found {
			continue
		}
		if taken == nil {
			taken = key.taken
		}
		isSame = isSame && h.identifiers == self.identifiers && (h.id == self.id || !givesID)
	}
	return isSame && taken != nil, taken
}

type key struct {
	hash  [16]byte
	taken *errs.Error
}

func keysOf(n user.Names) []key {
	keys := make([]key, 0, 4)
	for _, k := range []struct {
		kind, value string
		taken       *errs.Error
	}{
		{"u", n.UsernameKey, user.ErrUsernameTaken},
		{"e", n.EmailKey, user.ErrEmailTaken},
		{"p", n.PhoneKey, user.ErrPhoneTaken},
		{"i", n.ID, errs.ErrNotUnique.Describe("there is a user of this id")},
	} {
		if k.value != "" {
			keys = append(keys, key{hashOf(k.kind + k.value), k.taken})
		}
	}
	return keys
}

func holderOf(n user.Names) holder {
	return holder{hashOf(n.ID), hashOf(n.Username + "\x00" + n.PrimaryEmail + "\x00" + n.PrimaryPhone)}
}

func hashOf(text string) (short [16]byte) {
	sum := sha256.Sum256([]byte(text))
	copy(short[:], sum[:])
	return short
}
