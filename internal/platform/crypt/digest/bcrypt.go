package digest

import (
	"encoding/binary"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// maxBcryptCost takes about a second.
const maxBcryptCost = 14

// bcryptRound is the work of a hash of cost 0.
const bcryptRound = 64

var bcryptPattern = regexp.MustCompile(`^\$2([abxy])\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)

// bcryptHash is a hash in the format of crypt(3), of revision a, b, x or y.
type bcryptHash struct {
	text string
	cost int
	// isBuggy is revision x: passwords were read as signed characters.
	isBuggy bool
}

func parseBcrypt(text string) (Hash, error) {
	parts := bcryptPattern.FindStringSubmatch(text)
	if parts == nil {
		return nil, errFormat
	}
	cost, err := strconv.Atoi(parts[2])
	if err != nil || cost < bcrypt.MinCost || cost > maxBcryptCost {
		return nil, errFormat
	}
	return bcryptHash{text: text, cost: cost, isBuggy: parts[1] == "x"}, nil
}

// Cost implements Hash.
func (b bcryptHash) Cost() Cost {
	return Cost{MemoryKiB: 8, Work: bcryptRound << b.cost}
}

// Matches implements Hash. Bcrypt ignores what follows byte 72 of a password.
func (b bcryptHash) Matches(password string) bool {
	if b.isBuggy {
		// The library knows no difference between the revisions.
		fixed := strings.Replace(b.text, "$2x$", "$2b$", 1)
		return bcrypt.CompareHashAndPassword([]byte(fixed), signExtended(password)) == nil
	}
	return bcrypt.CompareHashAndPassword([]byte(b.text), []byte(password)) == nil
}

// signExtended returns the key from which bcrypt derives what crypt_blowfish
// before its version 1.1 derived from password (CVE-2011-2483): a character of
// 128 or more overwrote those before it in its word.
func signExtended(password string) []byte {
	cyclic := append([]byte(password), 0)
	key := make([]byte, 0, 72)
	for i := 0; i < cap(key); i += 4 {
		var word uint32
		for j := range 4 {
			word = word<<8 | uint32(int32(int8(cyclic[(i+j)%len(cyclic)])))
		}
		key = binary.BigEndian.AppendUint32(key, word)
	}
	return key
}
